import Domain
import Foundation
import Ingest
import Logging
import Simulator
import Synchronization
import Testing

@testable import Clips

/// A camera on the network, its session, and what a viewer of it gets.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct LiveFromCameraTests {
    private struct Clock: WallClock {
        var now: WallTime { WallTime(secondsSinceEpoch: Date().timeIntervalSince1970) }
    }

    /// Nothing is looked at here.
    private struct Nothing: StillEncoder, EventSpool {
        struct Unused: Error {}
        func begin(_ draft: EventDraft) throws -> String { throw Unused() }
        func finish(_ draft: EventDraft, _ outcome: EventOutcome) async throws {}
        func discard(_ id: Identifier<Event>) {}
        func encode(_ picture: PictureView, crop: Box?, longestSidePixels: Int, quality: Int) throws -> Still {
            throw Unused()
        }
    }

    private final class Calm: MotionDetector {
        func measure(_ picture: PictureView, at presentation: MediaTime) throws -> MotionMeasurement {
            MotionMeasurement(
                presentation: presentation, changedFraction: 0, globalChangeFraction: 0, shakeFraction: 0, boxes: [],
                restarted: false)
        }
        func look(_ picture: PictureView, at presentation: MediaTime) throws -> MotionMeasurement {
            try measure(picture, at: presentation)
        }
    }

    /// Runs a camera's session against a simulated camera while `body` watches it.
    private func withSession(
        codec: VideoCodec, bFrames: Int, audio: Bool = true, transcoding: LiveTranscoding? = nil,
        _ body: (CameraSession, SimulatedSite, String) async throws -> Void
    ) async throws {
        try await Footage.withFolder { folder in
            let source = folder + "/in.mp4"
            try await Footage.generate(source, codec: codec, frames: 60, bFrames: bFrames, audio: audio)
            let site = SimulatedSite(
                .init(port: 0, streams: [.init(name: "gate", source: .file(path: source))], sharing: .fromStart))
            _ = try site.start()
            defer { site.stop() }
            let ports = IngestPorts(
                sources: RTSPOpener(clock: Clock()), decoders: GStreamerDecoderOpener(), clips: MP4ClipWriterOpener(),
                live: LiveFragmentsOpener(), spool: Nothing(), stills: Nothing(), makeDetector: { _ in Calm() },
                makeGate: { ZonedGate($0) }, clock: Clock(), transcoding: transcoding)
            let now = Clock().now
            let camera = Camera(
                id: .make(at: now), organization: Organization.first, site: Site.first, name: "gate", enabled: true,
                settings: CameraSettings(url: try site.url(for: "gate")), revision: 1)
            let session = CameraSession(camera: camera, ports: ports, logger: Logger(label: "test.live"))
            let running = Task { await session.run() }
            do {
                try await body(session, site, folder)
            } catch {
                running.cancel()
                await running.value
                throw error
            }
            running.cancel()
            await running.value
        }
    }

    /// The camera connects by itself, and gives no signal: asks until there is a view.
    private func open(
        _ session: CameraSession, withAudio: Bool = true, codecs: Set<VideoCodec> = [.h264, .h265]
    ) async throws -> any LiveView {
        let deadline = ContinuousClock.now.advanced(by: .seconds(120))
        while ContinuousClock.now < deadline {
            let wish = LiveWish(codecs: codecs, withAudio: withAudio)
            if let view = try await session.live(wish, onTooSlow: {}) { return view }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw ClipError("the camera delivered nothing: \(session.status)")
    }

    @Test(.enabled(if: Footage.hasProbe), arguments: [(VideoCodec.h264, 0), (.h264, 3), (.h265, 0), (.h265, 2)])
    func `a viewer gets what the camera sends, playable, from a keyframe on`(stream: (codec: VideoCodec, bFrames: Int))
        async throws
    {
        try await withSession(codec: stream.codec, bFrames: stream.bFrames) { session, _, folder in
            let first = try await open(session)
            // Joins in the middle of a group.
            for _ in 0..<5 { _ = await first.next() }
            let second = try await open(session, withAudio: false)
            var head = try #require(await second.next())
            // Who joins with a keyframe has it when the next picture tells how long it is to be shown.
            if ByteCursor(head[...]).first("mdat") == nil { head += try #require(await second.next()) }
            #expect(ByteCursor(head[...]).first("mdat") != nil, "the first piece has a picture")
            #expect(second.contentType.hasPrefix("video/mp4; codecs=\"\(stream.codec == .h264 ? "avc1." : "hvc1.")"))
            var bytes = head
            for _ in 0..<40 { bytes += await second.next() ?? [] }
            let path = folder + "/live.mp4"
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            #expect(try Footage.complaints(path) == "")
            let packets = try Footage.packets(path)
            #expect(packets.count > 30 && packets[0].isKey && packets[0].dts >= 0 && packets[0].pts < 0.3)
            for (earlier, later) in zip(packets, packets.dropFirst()) { #expect(earlier.dts < later.dts) }
            #expect(try Footage.packets(path, stream: "a:0").isEmpty)
        }
    }

    @Test(.enabled(if: Footage.hasProbe)) func `sound comes with the pictures where it is asked for`() async throws {
        try await withSession(codec: .h264, bFrames: 2) { session, _, folder in
            let view = try await open(session)
            #expect(view.contentType.hasSuffix(", mp4a.40.2\""))
            var bytes: [UInt8] = []
            for _ in 0..<100 { bytes += await view.next() ?? [] }
            let path = folder + "/live.mp4"
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            #expect(try Footage.complaints(path) == "")
            let sound = try Footage.packets(path, stream: "a:0")
            let pictures = try Footage.packets(path)
            #expect(sound.count > 20 && pictures.count > 20)
            let (soundEnd, picturesEnd) = (sound.map(\.pts).max() ?? 0, pictures.map(\.pts).max() ?? 99)
            #expect(abs(soundEnd - picturesEnd) < 1, "\(soundEnd) \(picturesEnd)")
        }
    }

    @Test func `the view ends when the camera goes away, and there is none while it is gone`() async throws {
        try await withSession(codec: .h264, bFrames: 0, audio: false) { session, site, _ in
            let view = try await open(session)
            #expect(await view.next() != nil)
            site.stop()
            while await view.next() != nil {}
            #expect(try await session.live(LiveWish(), onTooSlow: {}) == nil)
        }
    }

    @Test func `the view ends when the session is stopped`() async throws {
        var kept: (any LiveView)?
        try await withSession(codec: .h264, bFrames: 0, audio: false) { session, _, _ in kept = try await open(session)
        }
        let view = try #require(kept)
        while await view.next() != nil {}
    }

    /// Tells of each transcoder that is opened and closed.
    private final class Counting: LiveTranscoderOpener {
        private final class Counted: LiveTranscoder {
            let inner: any LiveTranscoder
            let log: AsyncStream<String>.Continuation
            init(_ inner: any LiveTranscoder, _ log: AsyncStream<String>.Continuation) {
                (self.inner, self.log) = (inner, log)
            }
            var name: String { inner.name }
            func add(_ unit: AccessUnit) { inner.add(unit) }
            func drain() -> [SourceItem] { inner.drain() }
            func close() async {
                await inner.close()
                log.yield("closed")
            }
        }
        let events: AsyncStream<String>
        private let log: AsyncStream<String>.Continuation
        private let inner = GStreamerTranscoderOpener(clock: Clock())
        init() { (events, log) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(100)) }
        func forOneCamera() -> any LiveTranscoderOpener { self }
        func open(
            _ stream: StreamDescription, from backlog: [AccessUnit], wake: @escaping @Sendable () -> Void
        ) throws(SourceError) -> any LiveTranscoder {
            log.yield("opened")
            return Counted(try inner.open(stream, from: backlog, wake: wake), log)
        }
    }

    @Test(.enabled(if: Footage.hasProbe), arguments: [0, 2])
    func `who cannot play H.265 gets H.264, all of them from one transcoder that ends with the last`(bFrames: Int)
        async throws
    {
        let opener = Counting()
        let places = TranscodePlaces(most: 1)
        let transcoding = LiveTranscoding(opener: opener, places: places)
        try await withSession(codec: .h265, bFrames: bFrames, transcoding: transcoding) { session, _, folder in
            var first: (any LiveView)? = try await open(session, codecs: [.h264])
            var second: (any LiveView)? = try await open(session, withAudio: false, codecs: [.h264])
            let asItIs = try await open(session)
            #expect(asItIs.contentType.hasPrefix("video/mp4; codecs=\"hvc1."))
            #expect(first?.contentType.wholeMatch(of: /video\/mp4; codecs="avc1\.[0-9A-F]{6}, mp4a\.40\.2"/) != nil)
            #expect(second?.contentType.wholeMatch(of: /video\/mp4; codecs="avc1\.[0-9A-F]{6}"/) != nil)
            // Both at the same time, or one would be too slow.
            var received: [[UInt8]] = [[], []]
            for _ in 0..<40 {
                received[0] += await first?.next() ?? []
                received[1] += await second?.next() ?? []
            }
            for (name, bytes) in zip(["first", "second"], received) {
                #expect(Self.sampleEntry(bytes) == "avc1")
                let path = folder + "/\(name).mp4"
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                #expect(try Footage.complaints(path) == "")
                let packets = try Footage.packets(path)
                #expect(packets.count > 20 && packets[0].isKey && packets[0].dts >= 0 && packets[0].pts < 0.3)
                for (earlier, later) in zip(packets, packets.dropFirst()) { #expect(earlier.dts < later.dts) }
                let sound = try Footage.packets(path, stream: "a:0")
                guard name == "first" else {
                    #expect(sound.isEmpty)
                    continue
                }
                #expect(sound.count > 20)
                let (soundEnd, picturesEnd) = (sound.map(\.pts).max() ?? 0, packets.map(\.pts).max() ?? 99)
                #expect(abs(soundEnd - picturesEnd) < 1, "\(soundEnd) \(picturesEnd)")
            }
            var events = opener.events.makeAsyncIterator()
            #expect(await events.next() == "opened")
            #expect(throws: LiveRefusal.noRoom(most: 1)) { _ = try places.take() }
            (first, second) = (nil, nil)
            #expect(await events.next() == "closed", "it was the only one, and nobody watches any more")
            // And once more.
            first = try await open(session, codecs: [.h264])
            #expect(await first?.next() != nil)
            #expect(await events.next() == "opened")
        }
    }

    @Test func `where there is no room the viewer is told, and gets H.265 all the same`() async throws {
        let places = TranscodePlaces(most: 1)
        var taken: TranscodePlaces.Place? = try places.take()
        let transcoding = LiveTranscoding(opener: GStreamerTranscoderOpener(clock: Clock()), places: places)
        try await withSession(codec: .h265, bFrames: 0, audio: false, transcoding: transcoding) { session, _, _ in
            let asItIs = try await open(session)
            #expect(await asItIs.next() != nil)
            await #expect(throws: LiveRefusal.noRoom(most: 1)) { try await open(session, codecs: [.h264]) }
            withExtendedLifetime(taken) {}
            taken = nil
            let view = try await open(session, codecs: [.h264])
            #expect(await view.next() != nil)
        }
    }

    @Test func `an encoded view ends when the camera goes away`() async throws {
        let transcoding = LiveTranscoding(
            opener: GStreamerTranscoderOpener(clock: Clock()), places: TranscodePlaces(most: 1))
        try await withSession(codec: .h265, bFrames: 0, audio: false, transcoding: transcoding) { session, site, _ in
            let view = try await open(session, codecs: [.h264])
            #expect(await view.next() != nil)
            site.stop()
            while await view.next() != nil {}
            #expect(throws: Never.self) { _ = try transcoding.places.take() }
        }
    }

    /// The type of the first track's first sample entry.
    private static func sampleEntry(_ bytes: [UInt8]) -> String? {
        var content = bytes[...]
        for type in ["moov", "trak", "mdia", "minf", "stbl", "stsd"] {
            guard let inner = ByteCursor.find(type, in: content) else { return nil }
            content = inner
        }
        // Behind version, flags and count: size and type.
        let type = content.dropFirst(8 + 4).prefix(4)
        return String(decoding: type, as: UTF8.self)
    }
}
