import Domain
import GStreamerKit

/// Listens to one connection's sound while its camera has an `audio_trigger`: decodes it, measures it, and tells when it is loud.
///
/// Works in batches of half a second, so that the decoder's thread wakes twice a second and not with every packet; the ring buffer
/// makes up for the delay. Not shared between threads.
final class Hearing {
    private static let batchSeconds = 0.5
    /// After a decoder gave up, another is tried so much later in the stream.
    private static let patienceSeconds = 10.0
    private static let mostWaiting = 512

    private(set) var watch: SoundWatch
    private var stream: StreamDescription?
    private var meter = LevelMeter()
    private var decoder: SoundDecoder?
    private var waiting: [AccessUnit] = []
    private var retryAt: MediaTime?
    private var complaints: [String] = []
    private var closed: [SoundDecoder] = []
    /// Levels of the last second.
    private var recent: [SoundLevel] = []

    /// `memory` is the watch of the connection before.
    init(_ settings: AudioTrigger, memory: SoundWatch?) { watch = SoundWatch(settings: settings, memory: memory) }

    /// The loudest tenth of the last second of sound; nil before any was heard.
    var levelDBFS: Double? { recent.map(\.dbfs).max() }

    /// Takes what a connection sends; a sentence where nothing can be heard.
    func begin(_ stream: StreamDescription) -> String? {
        self.stream = stream
        guard stream.audioFormat == nil else { return nil }
        return stream.soundRemark.map { "\($0) `audio_trigger` hears nothing." }
            ?? "The camera sends no sound, so its `audio_trigger` hears nothing."
    }

    func received(_ unit: AccessUnit) {
        guard unit.track == .audio, stream?.audioFormat != nil, waiting.count < Self.mostWaiting else { return }
        waiting.append(unit)
    }

    /// Decodes and measures what has come; what follows, oldest first. Call it now and then.
    func advance() -> [SoundWatch.Finding] {
        var findings: [SoundWatch.Finding] = []
        drain(&findings)
        guard let first = waiting.first, let last = waiting.last,
            abs(last.presentation.seconds(since: first.presentation)) >= Self.batchSeconds
                || waiting.count >= Self.mostWaiting / 2
        else { return findings }
        defer { waiting.removeAll(keepingCapacity: true) }
        guard retryAt.map({ last.presentation >= $0 }) ?? true else { return findings }
        do {
            try decode()
            drain(&findings)
        } catch {
            giveUp("\(error)", at: last.presentation)
        }
        return findings
    }

    private func decode() throws {
        guard let stream, let codec = stream.audioCodec, let format = stream.audioFormat as? Caps else { return }
        switch codec {
        case .pcma, .pcmu:
            let table = codec == .pcma ? G711.aLaw : G711.muLaw
            let channels = max(1, format.integer("channels") ?? 1)
            let rate = format.integer("rate") ?? 8000
            for unit in waiting {
                unit.payload.withUnsafeBytes { bytes in
                    table.withUnsafeBufferPointer { table in
                        meter.add(
                            frames: bytes.count / channels, channelCount: channels, rate: rate, at: unit.presentation
                        ) { table[Int(bytes[$0])] }
                    }
                }
            }
        case .aac, .opus:
            let decoder = try self.decoder ?? SoundDecoder(codec, format: format)
            self.decoder = decoder
            // What does not go in is as silent as what was lost.
            for unit in waiting {
                guard try decoder.push(unit) else { break }
            }
        }
    }

    private func drain(_ findings: inout [SoundWatch.Finding]) {
        do {
            try decoder?.drain(into: &meter)
        } catch {
            giveUp("\(error)", at: waiting.last?.presentation ?? recent.last?.end ?? MediaTime(nanoseconds: 0))
        }
        for level in meter.takeLevels() {
            recent.append(level)
            if let finding = watch.observe(level) { findings.append(finding) }
        }
        if let last = recent.last { recent.removeAll { last.end.seconds(since: $0.end) >= 1 } }
    }

    private func giveUp(_ complaint: String, at time: MediaTime) {
        complaints.append(complaint)
        retryAt = time.advanced(bySeconds: Self.patienceSeconds)
        stop()
    }

    /// Nothing is heard any more; `takeClosed` has what is to be closed.
    func stop() {
        if let decoder { closed.append(decoder) }
        decoder = nil
    }

    /// What went wrong since the last call.
    func takeComplaints() -> [String] {
        defer { complaints = [] }
        return complaints
    }

    /// Decoders that are no longer needed; the caller closes them.
    func takeClosed() -> [SoundDecoder] {
        defer { closed = [] }
        return closed
    }
}
