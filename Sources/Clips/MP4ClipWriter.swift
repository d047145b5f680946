import Domain
import Dispatch
import GStreamerKit
import Pipelines
import Synchronization

import Glibc

/// Muxes one clip into an MP4 file, without transcoding.
package final class MP4ClipWriter: ClipWriter {
    /// Most bytes that may wait for the disk.
    static let mostQueuedBytes = 64 << 20
    /// Longest that the file may take to be completed once everything was handed over.
    static let longestFinishSeconds = 30.0
    /// Sound that stays away for this long is given up: the muxer waits for it and would hold the pictures back.
    static let longestAudioLagNanoseconds: Int64 = 5_000_000_000
    // Decoding times of the first pictures may lie before zero, which a buffer cannot say; the segment begins here.
    private static let originNanoseconds: UInt64 = 3_600_000_000_000

    private struct State {
        var timeline: ClipTimeline<Buffer>
        var audio: AppSource?
        var failure: ClipError?
        var isOver = false
    }
    private let state: Mutex<State>
    private let pipeline: Pipeline
    private let video: AppSource
    private let path: String
    private let keepsLeading: Bool
    private let outcome = OneShot<Result<Void, ClipError>>()

    /// Tests write into a device that is full by giving another `location`.
    init(
        _ stream: StreamDescription, path: String, location: String? = nil, keepsLeading: Bool = false
    ) throws(ClipError) {
        self.path = path
        guard let format = Self.caps(of: stream.videoFormat) else {
            throw ClipError("cannot write \(path): the stream's format is of another source")
        }
        let audioFormat = stream.audioFormat.flatMap(Self.audioCaps)
        self.keepsLeading = keepsLeading
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw DurableFile.failure("create", path) }
        close(descriptor)
        do {
            pipeline = try Pipeline(Self.description(audio: audioFormat))
            try pipeline.set("location", of: "file", to: .text(location ?? path))
            try pipeline.set("trak-timescale", ofPad: "video_0", of: "mux", to: 90000)
            try pipeline.set("caps", of: "video", to: .caps(format))
            if let audioFormat { try pipeline.set("caps", of: "audio", to: .caps(audioFormat)) }
            video = try pipeline.appSource("video")
            let audio = audioFormat == nil ? nil : try pipeline.appSource("audio")
            let depth = format.bytes("codec_data").flatMap {
                ReorderDeclaration.depth(codec: stream.codec, configuration: $0)
            }
            state = Mutex(
                State(
                    timeline: ClipTimeline(
                        framesPerSecond: stream.framesPerSecond, declaredDepth: depth, keepsLeading: keepsLeading),
                    audio: audio))
            let (bus, outcome) = (pipeline.bus, self.outcome)
            bus.onMessage {
                for message in bus.drain() where message.kind != .warning {
                    outcome.set(
                        message.kind == .endOfStream
                            ? .success(())
                            : .failure(ClipError("cannot write \(path): \(message.text)")))
                }
            }
            try pipeline.play()
        } catch {
            unlink(path)
            throw ClipError("cannot write \(path): \(error)")
        }
    }

    private static func description(audio: Caps?) throws(PipelineTemplateError) -> String {
        guard let audio else { return try PipelineTemplate.clip.filled() }
        // mp4mux refuses G.711; qtmux writes the same boxes for it, under QuickTime's brand.
        let isG711 = ["audio/x-alaw", "audio/x-mulaw"].contains(audio.mediaType)
        return try PipelineTemplate.clipWithAudio.filled(["muxer": isG711 ? "qtmux" : "mp4mux"])
    }

    /// Opus goes without the header that its parser makes up: mp4mux 1.22 turns its numbers round in the file.
    private static func audioCaps(of format: any OpaqueFormat) -> Caps? {
        guard let caps = caps(of: format), caps.mediaType == "audio/x-opus" else { return caps(of: format) }
        return try? Caps(ClipFormat.opus(channels: caps.integer("channels") ?? 2))
    }

    static func caps(of format: any OpaqueFormat) -> Caps? {
        if let own = format as? ClipFormat { return own.caps }
        // Through AnyObject: the conformance is declared by whoever opened the source.
        return format as AnyObject as? Caps
    }

    deinit { pipeline.bus.onMessage(nil) }

    package func append(_ unit: AccessUnit) {
        do {
            let buffer =
                try unit.payload as AnyObject as? Buffer
                ?? Buffer(copying: unit.payload.withUnsafeBytes { [UInt8]($0) })
            append(
                unit.track, presentation: unit.presentation, durationNanoseconds: unit.durationNanoseconds,
                isKeyframe: unit.isKeyframe, buffer: buffer)
        } catch {
            fail("a unit cannot be taken: \(error)")
        }
    }

    /// Bytes handed over that the file does not have yet.
    var queuedBytes: Int {
        state.withLock { state in video.queuedBytes + (state.audio?.queuedBytes ?? 0) }
    }

    func append(
        _ track: Track, presentation: MediaTime, durationNanoseconds: Int64?, isKeyframe: Bool, buffer: Buffer
    ) {
        state.withLock { state in
            guard state.failure == nil, !state.isOver, track == .video || state.audio != nil else { return }
            let queued = video.queuedBytes + (state.audio?.queuedBytes ?? 0)
            guard queued <= Self.mostQueuedBytes else {
                state.failure = ClipError(
                    "cannot write \(path): the disk does not keep up, \(queued >> 20) MB wait for it")
                return
            }
            let placed = state.timeline.add(
                track, presentation: presentation, durationNanoseconds: durationNanoseconds, isKeyframe: isKeyframe,
                payload: buffer)
            push(placed, state: &state)
            if let audio = state.audio, state.timeline.audioLagNanoseconds > Self.longestAudioLagNanoseconds {
                state.audio = nil
                do { try audio.end() } catch { state.failure = ClipError("cannot write \(path): \(error)") }
            }
        }
    }

    package func finish() async throws(ClipError) -> FinishedClip {
        let path = self.path
        let failure = state.withLock { state -> ClipError? in
            guard !state.isOver else { return ClipError("\(path) is finished or abandoned already") }
            state.isOver = true
            if let failure = state.failure { return failure }
            guard state.timeline.videoUnits > 0 else { return ClipError("\(path) holds no picture") }
            push(state.timeline.finish(), state: &state)
            do {
                try state.audio?.end()
                try video.end()
            } catch {
                return state.failure ?? ClipError("cannot write \(path): \(error)")
            }
            return state.failure
        }
        if let failure {
            await pipeline.close()
            throw failure
        }
        let limit = DispatchWorkItem { [outcome] in
            outcome.set(.failure(ClipError("cannot complete \(path): the disk did not answer in time")))
        }
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.longestFinishSeconds, execute: limit)
        let result = await outcome.value()
        limit.cancel()
        await pipeline.close()
        try result.get()
        let isSegment = keepsLeading
        let ((size, digest), formats) = try await DurableFile.run { () throws(ClipError) in
            try DurableFile.sync(path)
            return (try DurableFile.digest(path), isSegment ? try FormatDigest.ofFile(path) : (nil, nil))
        }
        return state.withLock { state in
            FinishedClip(
                sizeBytes: size, sha256: digest, starts: state.timeline.start ?? MediaTime(nanoseconds: 0),
                durationSeconds: Double(state.timeline.durationNanoseconds) / 1e9,
                videoUnits: state.timeline.videoUnits, hasAudio: state.timeline.audioUnits > 0,
                videoFormat: formats.0, audioFormat: formats.1)
        }
    }

    package func abandon() async {
        state.withLock { $0.isOver = true }
        outcome.set(.failure(ClipError("\(path) was abandoned")))
        await pipeline.close()
    }

    private func push(_ units: [ClipTimeline<Buffer>.Placed], state: inout State) {
        guard state.failure == nil else { return }
        do {
            for unit in units {
                let origin = Int64(Self.originNanoseconds)
                let buffer = try unit.payload.retimed(
                    presentationNanoseconds: UInt64(clamping: origin + unit.presentation),
                    decodingNanoseconds: UInt64(clamping: origin + unit.decoding),
                    durationNanoseconds: unit.duration.map { UInt64(clamping: $0) }, isDelta: !unit.isKeyframe)
                let target = unit.track == .video ? video : state.audio
                try target?.push(buffer, originNanoseconds: Self.originNanoseconds)
            }
        } catch {
            state.failure = ClipError("cannot write \(path): \(error)")
        }
    }

    private func fail(_ reason: String) {
        state.withLock { state in
            if state.failure == nil { state.failure = ClipError("cannot write \(path): \(reason)") }
        }
    }
}
