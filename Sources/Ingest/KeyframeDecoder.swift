import Dispatch
import Domain
import GStreamerKit
import LibavKit
import Synchronization

/// Decodes one keyframe with libavcodec itself: without the pipeline, the threads and the kept pictures of a whole decoder,
/// which cost as much again as the decoding.
final class KeyframeDecoder: FrameDecoder {
    /// Who uses it bounds how many run at a time (`DecoderPools.looks`).
    private static let queue = DispatchQueue(label: "vedette.looks", attributes: .concurrent)

    private struct State {
        var taken = false
        var frame: (any DecodedFrame)?
        var failure: SourceError?
        var isDone = false
    }
    private let state = Mutex(State())
    private let codec: KeyframePicture.Codec
    private let configuration: [UInt8]
    private let gate: WakeGate

    let name = "libavcodec"
    let dropped = 0

    /// Nil for a format without a decoder configuration.
    init?(_ stream: StreamDescription, wake: @escaping @Sendable () -> Void) {
        guard let configuration = (stream.videoFormat as? Caps)?.bytes("codec_data") else { return nil }
        self.configuration = configuration
        codec =
            switch stream.codec {
            case .h264: .h264
            case .h265: .h265
            }
        gate = WakeGate(wake)
    }

    func decode(_ unit: AccessUnit) {
        let isFirst = state.withLock { state in
            defer { state.taken = true }
            return !state.taken && unit.track == .video
        }
        guard isFirst else { return }
        // Copied here: to read a buffer of several memories is to change it, and its other readers are of this thread.
        let bytes = unit.payload.withUnsafeBytes { [UInt8]($0) }
        let presentation = unit.presentation
        Self.queue.async { [self] in
            do throws(LibavError) {
                let picture = try picture(of: bytes)
                let frame = Frame(picture, at: presentation)
                state.withLock { $0.frame = frame }
            } catch {
                state.withLock {
                    $0.failure = SourceError(.corrupt, "A keyframe of the camera cannot be decoded: \(error)")
                }
            }
            state.withLock { $0.isDone = true }
            gate()
        }
    }

    private func picture(of unit: [UInt8]) throws(LibavError) -> KeyframePicture {
        try unit.withUnsafeBytes { bytes in
            Result { () throws(LibavError) in
                try KeyframePicture(decoding: bytes, codec: codec, configuration: configuration)
            }
        }.get()
    }

    func drain() -> [any DecodedFrame] {
        state.withLock { state in
            defer { state.frame = nil }
            return state.frame.map { [$0] } ?? []
        }
    }

    var backlog: Int { state.withLock { $0.taken && !$0.isDone ? 1 : 0 } }
    var failure: SourceError? { state.withLock { $0.failure } }
    func finish() {}
    var isFinished: Bool { state.withLock { $0.isDone && $0.frame == nil } }
    func close() async { gate.close() }

    private final class Frame: DecodedFrame {
        private let picture: KeyframePicture
        let presentation: MediaTime
        var widthPixels: Int { picture.widthPixels }
        var heightPixels: Int { picture.heightPixels }

        init(_ picture: KeyframePicture, at presentation: MediaTime) {
            self.picture = picture
            self.presentation = presentation
        }

        func withPicture<Result>(_ body: (PictureView) throws -> Result) throws -> Result {
            let format: PictureView.Format =
                switch picture.format {
                case .i420: .i420
                case .nv12: .nv12
                case .gray8: .gray8
                }
            return try picture.withPlanes { planes in
                try body(
                    PictureView(
                        format: format, widthPixels: picture.widthPixels, heightPixels: picture.heightPixels,
                        planes: planes.map { .init(bytes: $0.bytes, strideBytes: $0.strideBytes) }))
            }
        }
    }
}
