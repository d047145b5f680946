import Domain
import GStreamerKit
import Pipelines
import Synchronization

/// What the callbacks of one RTSP connection share with its `RTSPSource`: which streams were chosen, and their sinks.
///
/// Apart from the source, so that callbacks, which the pipeline owns, do not keep the pipeline alive.
final class RTSPIntake: Sendable {
    struct Stream: Sendable {
        var track: Track
        var sink: AppSink
        var arrivals: ArrivalLog
    }

    private struct State {
        var offers: [String] = []
        var codec: VideoCodec?
        var sound: AudioCodec?
        /// Why the camera's sound is left out.
        var soundRemark: String?
        var streams: [Stream] = []
        var failure: SourceError?
        var lacksVideo = false
        var isClosing = false
    }
    private let state = Mutex(State())
    private let gate: WakeGate
    private let clock: any WallClock
    private let onUnit: @Sendable () -> Void

    /// `onUnit` is called for each video unit on its streaming thread.
    init(gate: WakeGate, clock: any WallClock, onUnit: @escaping @Sendable () -> Void) {
        self.gate = gate
        self.clock = clock
        self.onUnit = onUnit
    }

    /// What the camera said it sends, in words.
    var offers: [String] { state.withLock { $0.offers } }
    /// Set once the camera's description was read and holds video that can be recorded.
    var codec: VideoCodec? { state.withLock { $0.codec } }
    /// The sound that was asked for.
    var sound: AudioCodec? { state.withLock { $0.sound } }
    /// Why sound that the camera offers was not asked for.
    var soundRemark: String? { state.withLock { $0.sound == nil ? $0.soundRemark : nil } }
    /// The streams that flow.
    var streams: [Stream] { state.withLock { $0.streams } }
    /// Why a stream could not be connected.
    var failure: SourceError? { state.withLock { $0.failure } }

    /// True once the camera has named all its streams and none is video that can be recorded.
    var lacksVideo: Bool { state.withLock { $0.lacksVideo } }

    /// The camera has named all its streams.
    func allStreamsAreKnown() {
        state.withLock { $0.lacksVideo = $0.codec == nil }
        gate()
    }

    /// Chooses the first stream of pictures and the first of sound that a clip can hold.
    func selects(_ caps: Caps) -> Bool {
        let media = caps.text("media") ?? "unknown"
        let encoding = (caps.text("encoding-name") ?? "unknown").uppercased()
        return state.withLock { state in
            if state.offers.count < 8 { state.offers.append("\(encoding) \(media)") }
            switch media {
            case "video":
                guard state.codec == nil, let codec = Self.codec(of: encoding) else { return false }
                state.codec = codec
                return true
            case "audio":
                guard state.sound == nil else { return false }
                state.sound = AudioCodec(encoding: encoding)
                if state.sound == nil { state.soundRemark = AudioCodec.remark(leavingOut: encoding) }
                return state.sound != nil
            default:
                return false
            }
        }
    }

    /// From now on streams that are connected are flushed. Flush those that were before.
    func close() { state.withLock { $0.isClosing = true } }

    /// Builds the branch for a stream that the camera begins to send.
    func connect(_ pad: borrowing NewPad) {
        let encoding = pad.caps?.text("encoding-name")?.uppercased() ?? ""
        let track: Track = pad.caps?.text("media") == "audio" ? .audio : .video
        do {
            let description: String
            switch (track, Self.codec(of: encoding)) {
            case (.audio, _):
                guard let sound = AudioCodec(encoding: encoding) else { return }
                description = try sound.branch()
            case (.video, .h264): description = try PipelineTemplate.rtspH264.filled()
            case (.video, .h265): description = try PipelineTemplate.rtspH265.filled()
            case (.video, nil): return
            }
            let arrivals = ArrivalLog()
            try pad.connect(description) { (branch) throws(GStreamerError) in
                let sink = try branch.appSink("units")
                sink.onSample { [gate, clock, onUnit] in
                    arrivals.sampleArrived(at: clock.now)
                    if track == .video { onUnit() }
                    gate()
                }
                self.state.withLock { $0.streams.append(Stream(track: track, sink: sink, arrivals: arrivals)) }
            }
            if state.withLock({ $0.isClosing }) { pad.flush() }
        } catch {
            state.withLock { state in
                state.failure = SourceError(
                    .internalFailure,
                    "The \(encoding) stream cannot be read: \(error). `vedette doctor` shows what is missing.")
            }
            gate()
        }
    }

    private static func codec(of encoding: String) -> VideoCodec? {
        switch encoding {
        case "H264": .h264
        case "H265": .h265
        default: nil
        }
    }
}
