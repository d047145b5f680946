import Domain
import Foundation
import GStreamerKit
import Ingest
import Logging
import Simulator
import Synchronization
import Testing

@testable import Clips

/// A camera with two streams, over real RTSP: the small one is analysed, the large one recorded.
@Suite(.serialized, .timeLimit(.minutes(20)), .enabled(if: Footage.hasProbe))
struct SubStreamTests {
    private struct Clock: WallClock {
        var now: WallTime { WallTime(secondsSinceEpoch: Date().timeIntervalSince1970) }
    }

    /// Keeps clips in a folder and tells of each event that is finished.
    private final class Spool: EventSpool, StillEncoder {
        struct Finished: Sendable {
            var draft: EventDraft
            var outcome: EventOutcome
            var path: String
        }
        let folder: String
        let finished: AsyncStream<Finished>
        private let continuation: AsyncStream<Finished>.Continuation

        init(_ folder: String) {
            self.folder = folder
            (finished, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(100))
        }
        func begin(_ draft: EventDraft) throws -> String { path(draft.id) }
        func finish(_ draft: EventDraft, _ outcome: EventOutcome) async throws {
            continuation.yield(Finished(draft: draft, outcome: outcome, path: path(draft.id)))
        }
        func discard(_ id: Identifier<Event>) {}
        func encode(_ picture: PictureView, crop: Box?, longestSidePixels: Int, quality: Int) throws -> Still {
            Still(jpeg: [0xff], widthPixels: picture.widthPixels, heightPixels: picture.heightPixels)
        }
        private func path(_ id: Identifier<Event>) -> String { folder + "/\(id).part" }
    }

    /// While the picture is light something small is on its way through it. Remembers how large the pictures were.
    private final class LightDetector: MotionDetector {
        private let widths: Widths
        init(_ widths: Widths) { self.widths = widths }

        func measure(_ picture: PictureView, at time: MediaTime) throws -> MotionMeasurement {
            widths.note(picture.widthPixels)
            let row = UnsafeRawBufferPointer(
                start: picture.luma.bytes + picture.heightPixels / 2 * picture.luma.strideBytes,
                count: picture.widthPixels)
            let isLight = row.reduce(0) { $0 + Int($1) } / row.count > 120
            let way = (time.seconds * 0.2).truncatingRemainder(dividingBy: 0.8)
            let box = Box(x: 0.05 + way, y: 0.4, width: 0.1, height: 0.2)
            let region = MotionRegion(box: box, centreX: box.x + 0.05, centreY: 0.5, area: 0.02, active: 0.02)
            return MotionMeasurement(
                presentation: time, changedFraction: isLight ? 0.02 : 0, globalChangeFraction: 0, shakeFraction: 0,
                boxes: isLight ? [box] : [], regions: isLight ? [region] : [])
        }
        func look(_ picture: PictureView, at time: MediaTime) throws -> MotionMeasurement {
            try measure(picture, at: time)
        }
    }

    private final class Widths: Sendable {
        private let seen = Mutex<Set<Int>>([])
        func note(_ width: Int) { seen.withLock { _ = $0.insert(width) } }
        var all: Set<Int> { seen.withLock { $0 } }
    }

    /// Dark for `dark` seconds, then light for `light`, ten pictures a second and a keyframe each second.
    private func generate(_ path: String, width: Int, height: Int, dark: Int, light: Int) async throws {
        let raw = "video/x-raw,format=I420,width=\(width),height=\(height),framerate=10/1"
        let pipeline = try Pipeline(
            "concat name=all ! x264enc speed-preset=ultrafast bframes=0 key-int-max=10 ! h264parse ! mp4mux"
                + " ! filesink name=file videotestsrc pattern=black num-buffers=\(dark * 10) ! \(raw) ! all."
                + " videotestsrc pattern=white num-buffers=\(light * 10) ! \(raw) ! all.")
        try pipeline.set("location", of: "file", to: .text(path))
        try await Footage.run(pipeline)
    }

    private struct Rig {
        var session: CameraSession
        var large: SimulatedSite
        var small: SimulatedSite
        var spool: Spool
        var widths: Widths
    }

    private func withRig(dark: Int, light: Int, _ body: (Rig) async throws -> Void) async throws {
        try await Footage.withFolder { folder in
            try await generate(folder + "/large.mp4", width: 640, height: 480, dark: dark, light: light)
            try await generate(folder + "/small.mp4", width: 160, height: 120, dark: dark, light: light)
            func site(_ name: String) throws -> SimulatedSite {
                let site = SimulatedSite(
                    .init(
                        port: 0, streams: [.init(name: name, source: .file(path: "\(folder)/\(name).mp4"))],
                        sharing: .fromStart))
                _ = try site.start()
                return site
            }
            let (large, small) = (try site("large"), try site("small"))
            defer {
                large.stop()
                small.stop()
            }
            let (spool, widths) = (Spool(folder), Widths())
            let ports = IngestPorts(
                sources: RTSPOpener(clock: Clock()), decoders: GStreamerDecoderOpener(), clips: MP4ClipWriterOpener(),
                live: LiveFragmentsOpener(), spool: spool, stills: spool, makeDetector: { _ in LightDetector(widths) },
                makeGate: { ZonedGate($0) }, clock: Clock())
            let camera = Camera(
                id: .make(at: Clock().now), organization: Organization.first, site: Site.first, name: "gate",
                enabled: true,
                settings: CameraSettings(
                    url: try large.url(for: "large"), timeoutSeconds: 20, preRollSeconds: 2, postRollSeconds: 1,
                    analysis: .substream, detectURL: try small.url(for: "small")), revision: 1)
            let session = CameraSession(camera: camera, ports: ports, logger: Logger(label: "test.substream"))
            let running = Task { await session.run() }
            do {
                try await body(Rig(session: session, large: large, small: small, spool: spool, widths: widths))
            } catch {
                running.cancel()
                await running.value
                throw error
            }
            running.cancel()
            await running.value
        }
    }

    /// The status gives no signal: asks until it is so.
    private func wait(_ what: String, until isSo: () -> Bool) async throws {
        let deadline = ContinuousClock.now.advanced(by: .seconds(240))
        while !isSo() {
            guard ContinuousClock.now < deadline else { throw ClipError("waited in vain for \(what)") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Brightness of each picture of a clip, in order.
    private func brightness(_ path: String) throws -> [Int] {
        let out = path + ".gray"
        _ = try Footage.output(
            "ffmpeg", ["-v", "error", "-i", path, "-vf", "scale=1:1,format=gray", "-f", "rawvideo", out])
        return try Data(contentsOf: URL(fileURLWithPath: out)).map { Int($0) }
    }

    @Test func `what moves in the small stream is in the large one's clip, with its time before it`() async throws {
        try await withRig(dark: 7, light: 4) { rig in
            var events = rig.spool.finished.makeAsyncIterator()
            let event = try #require(await events.next())
            #expect(event.outcome.stream.widthPixels == 640)
            #expect(rig.widths.all == [160], "only the small stream was decoded: \(rig.widths.all)")
            let status = rig.session.status
            #expect(status.detect?.state == .online && status.detect?.isAnalysed == true)
            #expect(status.detect?.widthPixels == 160 && status.widthPixels == 640)
            #expect(event.outcome.thumbnail?.widthPixels == 160)
            // A large picture is decoded for who asks for one; for a small one there may be one already.
            #expect(try await rig.session.snapshot(longestSidePixels: 640)?.widthPixels == 640)
            #expect(try await rig.session.snapshot(longestSidePixels: 100) != nil)
            #expect(rig.widths.all == [160], "nobody analysed that one")
            // When each stream grew light, by the simulator's own book.
            let turns = (
                rig.large.counters(of: "large")?.turns.map { $0.startedAt + 7 } ?? [],
                rig.small.counters(of: "small")?.turns.map { $0.startedAt + 7 } ?? []
            )
            let started = event.draft.startedAt.secondsSinceEpoch
            let small = try #require(turns.1.min { abs($0 - started) < abs($1 - started) })
            #expect(abs(started - small) < 0.7, "\(started - small) s after it grew light")
            // The clip shows the large stream, on the same clock.
            let clipStarts = event.draft.clipStartsAt.secondsSinceEpoch
            #expect(started - clipStarts >= 2, "the pre-roll is \(started - clipStarts) s")
            let light = try #require(try brightness(event.path).firstIndex { $0 > 120 })
            let seen = clipStarts + Double(light) / 10
            let large = try #require(turns.0.min { abs($0 - seen) < abs($1 - seen) })
            #expect(abs(seen - large) < 0.4, "the clip's clock is \(seen - large) s off")
            print("clocks: small \(started - small) s, large \(seen - large) s, streams apart \(small - large) s")
            #expect(try Footage.complaints(event.path) == "")
        }
    }

    @Test func `while the small stream is away the large one is recorded and analysed, until it is back`() async throws
    {
        try await withRig(dark: 3, light: 3) { rig in
            try await wait("the small stream") { rig.session.status.detect?.isAnalysed == true }
            try rig.small.setReachable(false)
            try await wait("its failure to be told") { rig.session.status.detect?.state == .failing }
            #expect(rig.session.status.detect?.error != nil)
            #expect(rig.session.status.state == .online, "recording goes on")
            try await wait("the large one to be analysed") { rig.widths.all.contains(640) }
            #expect(rig.session.status.detect?.isAnalysed == false)
            var events = rig.spool.finished.makeAsyncIterator()
            // The events of the small stream that ran when it went away come first.
            while let event = await events.next(), event.outcome.thumbnail?.widthPixels != 640 {}
            try rig.small.setReachable(true)
            try await wait("the small stream to be analysed again") { rig.session.status.detect?.isAnalysed == true }
            #expect(rig.session.status.detect?.error == nil)
            while let event = await events.next(), event.outcome.thumbnail?.widthPixels != 160 {}
            #expect(rig.session.status.reconnects == 0, "the large stream was never let go")
        }
    }
}
