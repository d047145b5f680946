import Dispatch
import Foundation
import GStreamerKit

/// Encodes generated scenes and sounds into programs.
enum SceneEncoder {
    /// Seconds without progress after which an encoder is given up.
    private static let patienceSeconds = 30
    /// Raw bytes that may wait in front of the encoder.
    private static let maximumQueuedBytes = 4 << 20

    /// Draws and encodes all frames of a scene, as fast as possible. Blocks.
    static func encode(
        _ scene: Scene, _ parameterSets: ParameterSets = .everywhere
    ) throws(SimulatorError) -> Program {
        guard scene.codec.isVideo, scene.frameCount > 0, scene.widthPixels >= 16, scene.heightPixels >= 16 else {
            throw SimulatorError(.configuration, "scene \(scene.name): needs a video codec, a length and 16×16 pixels")
        }
        do {
            return try Program(tracks: [encoded(scene, parameterSets)], subject: "scene \(scene.name)")
        } catch let error as SimulatorError {
            throw error
        } catch {
            throw SimulatorError(.encoding, "scene \(scene.name) cannot be encoded: \(error)")
        }
    }

    /// Encodes a tone of so many seconds as AAC. Blocks.
    static func tone(seconds: Int) throws(SimulatorError) -> Program {
        do {
            // 1024 samples are one AAC frame.
            let frames = seconds * 48_000 / 1024
            let pipeline = try Pipeline(
                "audiotestsrc name=tone samplesperbuffer=1024 freq=440 volume=0.2"
                    + " ! audio/x-raw,rate=48000,channels=1 ! audioconvert ! avenc_aac bitrate=48000 ! "
                    + TrackCollector.branch(for: .aac))
            try pipeline.set("num-buffers", of: "tone", to: .integer(Int64(frames)))
            let track = try run(pipeline, codec: .aac, feed: { _ in true })
            return try Program(tracks: [track], subject: "the tone")
        } catch let error as SimulatorError {
            throw error
        } catch {
            throw SimulatorError(.encoding, "the tone cannot be encoded: \(error)")
        }
    }

    private static func encoded(_ scene: Scene, _ parameterSets: ParameterSets) throws -> EncodedTrack {
        let renderer = SceneRenderer(scene: scene)
        let (width, height) = (scene.widthPixels & ~1, scene.heightPixels & ~1)
        let interval = scene.keyframeSeconds * scene.framesPerSecond
        let encoder =
            switch scene.codec {
            case .h265:
                "x265enc speed-preset=ultrafast qp=27 key-int-max=\(interval)"
                    + " option-string=bframes=0:scenecut=0:open-gop=0:log-level=none"
            case .mjpeg: "jpegenc quality=75"
            default:
                "x264enc speed-preset=ultrafast pass=quant quantizer=25 bframes=0 key-int-max=\(interval)"
                    + " option-string=scenecut=0"
            }
        let pipeline = try Pipeline(
            "appsrc name=frames format=time block=false ! \(encoder) ! "
                + TrackCollector.branch(for: scene.codec, parameterSets))
        try pipeline.set(
            "caps", of: "frames",
            to: .caps(
                Caps("video/x-raw,format=I420,width=\(width),height=\(height),framerate=\(scene.framesPerSecond)/1")))
        let source = try pipeline.appSource("frames")
        let picture = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: renderer.byteCount)
        defer { picture.deallocate() }
        let frameNanoseconds = 1_000_000_000 / UInt64(scene.framesPerSecond)
        var number = 0
        return try run(pipeline, codec: scene.codec, parameterSets) { wake in
            if number == 0 { source.onNeed { wake.signal() } }
            while number < scene.frameCount, source.queuedBytes < maximumQueuedBytes {
                renderer.draw(frame: number, into: picture)
                try source.push(
                    Buffer(copying: UnsafeRawBufferPointer(picture)).retimed(
                        presentationNanoseconds: UInt64(number) * 1_000_000_000 / UInt64(scene.framesPerSecond),
                        decodingNanoseconds: nil, durationNanoseconds: frameNanoseconds))
                number += 1
                if number == scene.frameCount { try source.end() }
            }
            return number == scene.frameCount
        }
    }

    /// Plays a pipeline to its end and gathers what comes out. `feed` is called at each wake until it returns true.
    private static func run(
        _ pipeline: Pipeline, codec: StreamCodec, _ parameterSets: ParameterSets = .everywhere,
        feed: (DispatchSemaphore) throws -> Bool
    ) throws -> EncodedTrack {
        let wake = DispatchSemaphore(value: 0)
        let sink = try pipeline.appSink("units")
        sink.onSample { wake.signal() }
        pipeline.bus.onMessage { wake.signal() }
        let collector = TrackCollector(codec: codec, sink: sink, parameterSets)
        try pipeline.play()
        var isFed = false
        var isEnded = false
        while !isEnded {
            if !isFed { isFed = try feed(wake) }
            guard wake.wait(timeout: .now() + .seconds(patienceSeconds)) == .success else {
                throw SimulatorError(.encoding, "the encoder gave nothing for \(patienceSeconds) s")
            }
            for message in pipeline.bus.drain() {
                if message.kind == .error { throw SimulatorError(.encoding, "\(message.source): \(message.text)") }
                if message.kind == .endOfStream { isEnded = true }
            }
            collector.drain()
        }
        guard let track = collector.finish() else { throw SimulatorError(.encoding, "the encoder gave nothing") }
        return track
    }
}
