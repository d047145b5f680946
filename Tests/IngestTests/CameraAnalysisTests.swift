import Domain
import Synchronization
import Testing

@testable import Ingest

/// Remembers what it was shown; something differs while `stirs` says so.
private final class ScriptedDetector: MotionDetector {
    private(set) var measured: [Double] = []
    private(set) var looked: [Double] = []
    private let stirs: (Double) -> Bool

    init(stirs: @escaping (Double) -> Bool) { self.stirs = stirs }

    func measure(_ picture: PictureView, at presentation: MediaTime) throws -> MotionMeasurement {
        measured.append(presentation.seconds)
        return measurement(at: presentation, stirs: false)
    }

    func look(_ picture: PictureView, at presentation: MediaTime) throws -> MotionMeasurement {
        looked.append(presentation.seconds)
        return measurement(at: presentation, stirs: stirs(presentation.seconds))
    }

    private func measurement(at time: MediaTime, stirs: Bool) -> MotionMeasurement {
        MotionMeasurement(
            presentation: time, changedFraction: 0, globalChangeFraction: 0, shakeFraction: 0, boxes: [],
            restarted: stirs)
    }
}

struct Nothing: EventSpool, ClipWriterOpener, LiveMuxerOpener, StillEncoder {
    func open(_ stream: StreamDescription, withAudio: Bool) throws(ClipError) -> any LiveMuxer {
        throw ClipError("nothing is shown here")
    }

    struct Unused: Error {}
    func begin(_ draft: EventDraft) throws -> String { throw Unused() }
    func finish(_ draft: EventDraft, _ outcome: EventOutcome) async throws {}
    func discard(_ id: Identifier<Event>) {}
    func open(_ stream: StreamDescription, path: String) throws(ClipError) -> any ClipWriter { throw ClipError("no") }
    func recover(path: String) async throws(ClipError) -> RecoveredClip? { nil }
    func encode(_ picture: PictureView, crop: Box?, longestSidePixels: Int, quality: Int) throws -> Still {
        throw Unused()
    }
}

/// Its first decoder for a stream, named "broken", is real and fails once it gave some frames.
private final class FailingFirst: DecoderOpener {
    final class Broken: FrameDecoder {
        private let real: any FrameDecoder
        private let left: Mutex<Int>
        private let wake: @Sendable () -> Void
        init(_ real: any FrameDecoder, frames: Int, wake: @escaping @Sendable () -> Void) {
            self.real = real
            left = Mutex(frames)
            self.wake = wake
        }
        var name: String { "broken" }
        func decode(_ unit: AccessUnit) {
            real.decode(unit)
            wake()
        }
        func drain() -> [any DecodedFrame] {
            let frames = real.drain()
            return left.withLock { left in
                defer { left -= min(left, frames.count) }
                return Array(frames.prefix(left))
            }
        }
        var dropped: Int { real.dropped }
        var backlog: Int { real.backlog }
        var failure: SourceError? { left.withLock { $0 } == 0 ? SourceError(.corrupt, "lost the device") : nil }
        func finish() { real.finish() }
        var isFinished: Bool { real.isFinished }
        func close() async { await real.close() }
    }
    private let real = GStreamerDecoderOpener()
    private let frames: Int
    let opened = Mutex<[String]>([])

    init(frames: Int) { self.frames = frames }

    func open(
        _ stream: StreamDescription, wake: @escaping @Sendable () -> Void
    ) throws(SourceError) -> any FrameDecoder {
        var decoder = try real.open(stream, wake: wake)
        if opened.withLock({ $0.isEmpty }) { decoder = Broken(decoder, frames: frames, wake: wake) }
        let name = decoder.name
        opened.withLock { $0.append(name) }
        return decoder
    }

    func replaces(_ decoder: any FrameDecoder, of codec: VideoCodec, after failure: SourceError) -> Bool {
        decoder.name == "broken"
    }
}

@Suite(.timeLimit(.minutes(10)))
struct CameraAnalysisTests {
    /// Twenty pictures a second, a keyframe every half second, sleeping after three seconds.
    private final class Rig {
        let detector: ScriptedDetector
        let analysis: CameraAnalysis
        let wakes = Wakes()
        var ring = GOPRing(keepSeconds: 20, maximumBytes: 64 << 20)
        var steps: [CameraAnalysis.Step] = []

        init(
            _ footage: FootageFile, mode: AnalysisMode = .keyframes, pools: DecoderPools,
            decoders: any DecoderOpener = GStreamerDecoderOpener(), patience: Double = 1e9,
            stirs: @escaping (Double) -> Bool = { _ in false }
        ) throws {
            let detector = ScriptedDetector(stirs: stirs)
            self.detector = detector
            var settings = LadderSettings(mode: mode)
            settings.learnSeconds = 3
            settings.calmSeconds = 1
            settings.doubtSeconds = 1
            settings.lookSeconds = 0.9
            settings.patienceSeconds = patience
            settings.firstAuditSeconds = 1e9
            // The detector is this test's own, and used by one task.
            nonisolated(unsafe) let unsafe = detector
            let ports = IngestPorts(
                sources: RTSPOpener(clock: SystemClock()), decoders: decoders, clips: Nothing(),
                live: Nothing(), spool: Nothing(), stills: Nothing(), makeDetector: { _ in unsafe },
                makeGate: { ZonedGate($0) }, clock: SystemClock(), pools: pools)
            analysis = try CameraAnalysis(
                footage.stream, camera: CameraSettings(url: ""), ports: ports,
                ladder: Ladder(settings: settings, seed: 1), wake: wakes.wake)
        }

        func advance() async throws {
            steps += try analysis.advance(ring)
            for decoder in analysis.takeClosed() { await decoder.close() }
        }

        func add(_ unit: AccessUnit) async throws {
            ring.append(unit)
            analysis.received(unit)
            try await advance()
        }

        func settle() async throws {
            var wakes = wakes.stream.makeAsyncIterator()
            while analysis.isBehind(ring, by: 4) {
                _ = await wakes.next()
                try await advance()
            }
        }

        func end() async {
            _ = analysis.endStream(at: MediaTime(seconds: 1000))
            for decoder in analysis.takeClosed() { await decoder.close() }
        }
    }

    @Test(arguments: [(VideoCodec.h264, 0), (.h264, 2), (.h265, 0)])
    func `asleep only keyframes are decoded, and a stir is decoded from before it began`(
        codec: VideoCodec, bFrames: Int
    ) async throws {
        try await Camera.withFootage(codec: codec, frames: 300, bFrames: bFrames) { path in
            let footage = try await FootageFile(path: path)
            let rig = try Rig(footage, pools: DecoderPools(cores: 1)) { (9.9..<10.4).contains($0) }
            for unit in footage.units {
                try await rig.add(unit)
                try await rig.settle()
            }
            await rig.end()
            let keyframes = Set(footage.units.filter(\.isKeyframe).map(\.presentation.seconds))
            let asleep = rig.detector.measured.filter { (4..<9).contains($0) }
            #expect(!asleep.isEmpty && asleep.allSatisfy(keyframes.contains), "\(asleep)")
            // Every picture from the last calm keyframe to a second after the stir, each once.
            let awake = footage.units.map(\.presentation.seconds).filter { (9.6..<10.8).contains($0) }.sorted()
            #expect(rig.detector.measured.filter { (9.6..<10.8).contains($0) } == awake)
            #expect(rig.detector.measured == rig.detector.measured.sorted())
            #expect(rig.analysis.ladder.rung == .asleep)
        }
    }

    @Test(arguments: [0, 25])
    func `when a decoder fails another decodes the same pictures, and the failed one rests`(after: Int) async throws {
        try await Camera.withFootage(frames: 100) { path in
            let footage = try await FootageFile(path: path)
            let opener = FailingFirst(frames: after)
            let rig = try Rig(footage, pools: DecoderPools(cores: 1), decoders: opener)
            for unit in footage.units {
                try await rig.add(unit)
                try await rig.settle()
            }
            await rig.end()
            // Learning lasts three seconds of twenty pictures; each is measured once.
            #expect(
                rig.detector.measured.filter { $0 < 3 }
                    == footage.units.map(\.presentation.seconds).sorted().filter { $0 < 3 })
            #expect(opener.opened.withLock { $0 }.prefix(2) == ["broken", "avdec_h264"])
            #expect(opener.opened.withLock { $0 }.filter { $0 == "broken" }.count == 1)
            #expect(rig.analysis.decoderName == "avdec_h264")
        }
    }

    /// Pools whose only decoder another camera has, and that one's ticket.
    private func withoutPlace() -> (DecoderPools, DecoderPool.Ticket) {
        var pools = DecoderPools(cores: 1)
        pools.decoders = DecoderPool(places: 1)
        return (pools, pools.decoders.request {})
    }

    /// Where cameras are more than can be decoded, none would ever sleep if it did not learn from what is late.
    @Test(arguments: [AnalysisMode.ladder, .keyframes])
    func `a camera whose decoder comes late learns from what waited, sleeps, and misses nothing of what came meanwhile`(
        mode: AnalysisMode
    ) async throws {
        try await Camera.withFootage(frames: 300) { path in
            let footage = try await FootageFile(path: path)
            let (pools, other) = withoutPlace()
            let rig = try Rig(footage, mode: mode, pools: pools) { (9.9..<12).contains($0) }
            for unit in footage.units { try await rig.add(unit) }
            #expect(rig.detector.measured.isEmpty && rig.detector.looked.isEmpty)
            pools.decoders.leave(other)
            try await rig.settle()
            #expect(rig.analysis.ladder.rung == .asleep)
            let all = footage.units.map(\.presentation.seconds).sorted()
            #expect(rig.detector.measured.filter { $0 < 3 } == all.filter { $0 < 3 })
            // Asleep, the keyframes that came meanwhile are looked at in turn, and what stirred is decoded from before.
            let looked = rig.detector.looked.filter { (3..<9.9).contains($0) }
            #expect(looked.count >= 3, "\(rig.detector.looked)")
            #expect(
                rig.detector.measured.filter { ((looked.last ?? 0)..<11.4).contains($0) }
                    == all.filter { ((looked.last ?? 0)..<11.4).contains($0) })
            #expect(rig.detector.measured == rig.detector.measured.sorted())
            #expect(rig.detector.measured.count < 200)
            #expect(rig.analysis.dropped == 0)
            await rig.end()
        }
    }

    @Test(arguments: [AnalysisMode.ladder, .keyframes])
    func `a camera that finds no decoder learns from its keyframes, and gets one when something stirs`(
        mode: AnalysisMode
    ) async throws {
        try await Camera.withFootage(frames: 300) { path in
            let footage = try await FootageFile(path: path)
            let (pools, other) = withoutPlace()
            let rig = try Rig(footage, mode: mode, pools: pools, patience: 2) { (11.9..<13.4).contains($0) }
            var wakes = rig.wakes.stream.makeAsyncIterator()
            for unit in footage.units where unit.presentation.seconds < 11 {
                try await rig.add(unit)
                while unit.presentation.seconds > 2.1, rig.analysis.isLooking {
                    _ = await wakes.next()
                    try await rig.advance()
                }
            }
            #expect(rig.analysis.ladder.rung == .asleep)
            let keyframes = Set(footage.units.filter(\.isKeyframe).map(\.presentation.seconds))
            #expect(rig.detector.measured.count > 5 && rig.detector.measured.allSatisfy(keyframes.contains))
            pools.decoders.leave(other)
            for unit in footage.units where unit.presentation.seconds >= 11 {
                try await rig.add(unit)
                try await rig.settle()
            }
            let all = footage.units.map(\.presentation.seconds).sorted()
            #expect(
                rig.detector.measured.filter { (11.5..<12.4).contains($0) } == all.filter { (11.5..<12.4).contains($0) }
            )
            await rig.end()
        }
    }

    @Test func `who finds no decoder waits, and then sees every picture`() async throws {
        try await Camera.withFootage(frames: 100) { path in
            let footage = try await FootageFile(path: path)
            let (pools, other) = withoutPlace()
            let rig = try Rig(footage, pools: pools)
            for unit in footage.units { try await rig.add(unit) }
            #expect(rig.detector.measured.isEmpty)
            pools.decoders.leave(other)
            try await rig.settle()
            #expect(rig.analysis.waitedSeconds > 0)
            // Until it sleeps, after three seconds.
            #expect(
                rig.detector.measured.filter { $0 < 3 }
                    == footage.units.map(\.presentation.seconds).sorted().filter { $0 < 3 })
            await rig.end()
            #expect(pools.decoders.request {}.isGranted)
        }
    }
}
