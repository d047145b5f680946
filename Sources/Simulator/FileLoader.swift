import Dispatch
import Foundation
import GStreamerKit
import Synchronization

/// Reads a video file into memory as access units.
enum FileLoader {
    /// The largest file that is read.
    static let maximumBytes = 512 << 20
    /// Seconds without progress after which a file is given up.
    static let patienceSeconds = 20

    /// Demultiplexes and parses a file (MP4, MKV, MPEG-TS…): its first H.264, H.265 or JPEG stream and its first sound (AAC,
    /// G.711, Opus). Blocks.
    static func load(
        path: String, _ parameterSets: ParameterSets = .everywhere
    ) throws(SimulatorError) -> Program {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw SimulatorError(.file, "\(path) is not a readable file; give the path of a video file")
        }
        guard status.st_size <= maximumBytes else {
            throw SimulatorError(
                .file,
                "\(path) has \(status.st_size >> 20) MB and is held in memory: at most \(maximumBytes >> 20) MB are served; "
                    + "cut it, for example with ffmpeg -t 300 -c copy")
        }
        do {
            return try Program(tracks: tracks(of: path, parameterSets), subject: path)
        } catch let error as SimulatorError {
            throw error
        } catch {
            throw SimulatorError(.file, "\(path) cannot be read: \(error)")
        }
    }

    private static func tracks(of path: String, _ parameterSets: ParameterSets) throws -> [EncodedTrack] {
        let pipeline = try Pipeline("filesrc name=file ! parsebin name=parse")
        // Not closed by hand: this function blocks already, and a pipeline stops on its own queue when it is let go.
        try pipeline.set("location", of: "file", to: .text(path))
        let wake = DispatchSemaphore(value: 0)
        let found = Mutex<[(codec: StreamCodec, sink: AppSink)]>([])
        let failure = Mutex<GStreamerError?>(nil)
        try pipeline.onPadAdded(of: "parse") { pad in
            let codec = codec(of: pad.caps).flatMap { codec in
                found.withLock { found in found.contains { $0.codec.isVideo == codec.isVideo } } ? nil : codec
            }
            do throws(GStreamerError) {
                guard let codec else {
                    try pad.connect("fakesink sync=false async=false") { _ throws(GStreamerError) in }
                    return
                }
                try pad.connect(TrackCollector.branch(for: codec, parameterSets)) { branch throws(GStreamerError) in
                    let sink = try branch.appSink("units")
                    sink.onSample { wake.signal() }
                    found.withLock { $0.append((codec, sink)) }
                }
            } catch {
                failure.withLock { $0 = error }
                wake.signal()
            }
        }
        pipeline.bus.onMessage { wake.signal() }
        try pipeline.play()

        var collectors: [TrackCollector] = []
        var ended = false
        while !ended {
            guard wake.wait(timeout: .now() + .seconds(patienceSeconds)) == .success else {
                throw SimulatorError(.file, "\(path): nothing came out of it for \(patienceSeconds) s")
            }
            if let error = failure.withLock(\.self) { throw error }
            for message in pipeline.bus.drain() {
                if message.kind == .error { throw SimulatorError(.file, "\(path) cannot be read: \(message.text)") }
                if message.kind == .endOfStream { ended = true }
            }
            for (codec, sink) in found.withLock({ Array($0[collectors.count...]) }) {
                collectors.append(TrackCollector(codec: codec, sink: sink, parameterSets))
            }
            for collector in collectors { collector.drain() }
            // A container may blow up what it holds; the limit of the file is the limit of its content, with room for
            // headers repeated at each keyframe.
            guard collectors.reduce(0, { $0 + $1.byteCount }) <= maximumBytes * 2 else {
                throw SimulatorError(.file, "\(path) holds more than \(maximumBytes >> 19) MB of video")
            }
        }
        return collectors.compactMap { $0.finish() }.sorted { $0.codec.isVideo && !$1.codec.isVideo }
    }

    private static func codec(of caps: Caps?) -> StreamCodec? {
        switch caps?.mediaType {
        case "video/x-h264": .h264
        case "video/x-h265": .h265
        case "image/jpeg": .mjpeg
        case "audio/mpeg" where caps?.integer("mpegversion") != 1: .aac
        case "audio/x-alaw": .pcma
        case "audio/x-mulaw": .pcmu
        case "audio/x-opus": .opus
        default: nil
        }
    }
}
