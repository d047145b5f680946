import Domain
import Foundation
import GStreamerKit
import Ingest
import Logging
import Simulator
import Synchronization
import Testing

@testable import Clips

/// Puts finished segments into one folder.
private final class FolderSpool: SegmentSpool {
    let folder: String
    let records = Mutex<[SegmentRecord]>([])

    init(_ folder: String) { self.folder = folder }

    func begin(_ draft: SegmentDraft) throws -> String { "\(folder)/\(draft.id).mp4" }
    func finish(_ draft: SegmentDraft, _ outcome: SegmentOutcome) async throws {
        records.withLock { $0.append(SegmentRecord(draft: draft, outcome: outcome, path: "\(draft.id).mp4")) }
    }
    func discard(_ id: Identifier<Segment>) { try? FileManager.default.removeItem(atPath: "\(folder)/\(id).mp4") }

    var sorted: [SegmentRecord] { records.withLock { $0.sorted { $0.mediaStart < $1.mediaStart } } }
}

/// What continuous recording stores, and what is made of it.
@Suite(.enabled(if: Footage.hasProbe), .timeLimit(.minutes(10)))
struct RecordingTests {
    private static let begin = WallTime(secondsSinceEpoch: 1_777_629_600)
    private static let logger = Logger(label: "test.recording")

    private static func camera(_ mode: RecordMode) -> Camera {
        Camera(
            id: .make(at: begin), organization: Organization.first, site: Site.first, name: "gate", enabled: true,
            settings: CameraSettings(url: "rtsp://127.0.0.1/x", record: mode), revision: 1)
    }

    private struct Clock: WallClock {
        var now: WallTime { WallTime(secondsSinceEpoch: Date().timeIntervalSince1970) }
    }

    /// Feeds a file's units as a camera's, which arrive at their time, from `begin` on; the file's first picture is at 1 s of
    /// the connection. `event` tells when an event begins and ends, in seconds of the file.
    private func record(
        _ file: String, to folder: String, mode: RecordMode = .continuous, segmentSeconds: Double = 1,
        event: ClosedRange<Double>? = nil
    ) async throws -> FolderSpool {
        let spool = FolderSpool(folder)
        let (description, units) = try Footage.units(file, startNanoseconds: 1_000_000_000)
        let recorder = try #require(
            SegmentRecorder(
                description, camera: Self.camera(mode), clips: MP4ClipWriterOpener(), spool: spool,
                segmentSeconds: segmentSeconds, at: Self.begin, logger: Self.logger))
        var clock = ClockMap()
        var ring = GOPRing(keepSeconds: 1, maximumBytes: 64 << 20)
        var toCome = event.map { [$0.lowerBound, $0.upperBound] } ?? []
        for unit in units {
            let seconds = unit.presentation.seconds - 1
            while let next = toCome.first, seconds >= next {
                if toCome.count == 2 {
                    recorder.eventBegan(clipFrom: MediaTime(seconds: next + 0.5))
                } else {
                    recorder.eventEnded()
                }
                toCome.removeFirst()
            }
            let access = AccessUnit(
                track: unit.track, presentation: unit.presentation, isKeyframe: unit.isKeyframe,
                arrivedAt: Self.begin.advanced(bySeconds: seconds), payload: unit.buffer)
            if unit.track == .video { clock.observe(access.presentation, arrivedAt: access.arrivedAt) }
            ring.append(access)
            recorder.received(access, clock: clock, oldest: ring.oldest)
            for work in recorder.takeWork() { await work() }
        }
        recorder.streamEnded(clock)
        for work in recorder.takeWork() { await work() }
        return spool
    }

    /// Writes a span to a file, read in pieces of an odd size.
    private func assemble(
        _ segments: [SegmentRecord], _ folder: String, from: Double, to: Double, keepsGaps: Bool = false,
        name: String = "span.mp4"
    ) async throws -> (path: String, plan: RecordingPlan) {
        let file = try await RecordingAssembler(mediaFolder: folder).open(
            segments, from: Self.begin.advanced(bySeconds: from), to: Self.begin.advanced(bySeconds: to),
            keepsGaps: keepsGaps)
        var bytes: [UInt8] = []
        while Int64(bytes.count) < file.sizeBytes {
            bytes += try await file.read(at: Int64(bytes.count), count: 70_001)
        }
        #expect(Int64(bytes.count) == file.sizeBytes)
        // Any part is the same as in the whole.
        let offset = Int64(bytes.count * 2 / 3)
        let part = try await file.read(at: offset, count: 1000)
        #expect(part == Array(bytes[Int(offset)...].prefix(part.count)) && !part.isEmpty)
        let path = folder + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return (path, file.plan)
    }

    /// Digests of a track's packets, in file order.
    private func packets(_ path: String, _ stream: String, ignoringEdits: Bool = true) throws -> [String] {
        try Footage.output(
            "ffprobe",
            (ignoringEdits ? ["-ignore_editlist", "1"] : []) + [
                "-v", "error", "-select_streams", stream, "-show_data_hash", "md5", "-show_entries",
                "packet=data_hash", "-of", "csv=p=0", path,
            ]
        ).text.split(separator: "\n").map { String($0.prefix { $0 != "," }) }
    }

    private func decoded(_ path: String) throws -> (frames: Int, video: Double, whole: Double) {
        func number(_ arguments: [String]) throws -> Double {
            let text = try Footage.output("ffprobe", ["-v", "error"] + arguments + ["-of", "csv=p=0", path]).text
            return Double(text.split(whereSeparator: { ",\n".contains($0) }).first ?? "") ?? -1
        }
        return (
            Int(try number(["-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames"])),
            try number(["-select_streams", "v", "-show_entries", "stream=duration"]),
            try number(["-show_entries", "format=duration"])
        )
    }

    @Test(arguments: [(VideoCodec.h264, 0), (.h264, 3), (.h265, 0), (.h265, 2)], [false, true])
    func `every unit of a stream is in one segment, and the segments make the stream again`(
        stream: (VideoCodec, Int), audio: Bool
    ) async throws {
        try await Footage.withFolder { folder in
            let source = folder + "/in.mp4"
            try await Footage.generate(source, codec: stream.0, frames: 100, bFrames: stream.1, audio: audio)
            let segments = try await record(source, to: folder).sorted
            #expect(segments.count >= 4)
            #expect(segments.reduce(0) { $0 + $1.videoUnits } == 100)
            for (one, next) in zip(segments, segments.dropFirst()) {
                #expect(one.isFollowed(by: next) && one.endsAt == next.startsAt)
                #expect(one.videoFormat == next.videoFormat && one.audioFormat == next.audioFormat)
            }
            #expect(segments.allSatisfy { ($0.audioFormat != nil) == audio && !$0.videoFormat.isEmpty })
            let (path, plan) = try await assemble(segments, folder, from: -10, to: 60)
            #expect(plan.gaps.count == 2 && plan.pieces.count == segments.count)
            let source0 = try packets(source, "v:0")
            #expect(source0.count == 100)
            #expect(try packets(path, "v:0") == source0)
            let times = try Footage.packets(path).map(\.pts).sorted()
            for (earlier, later) in zip(times, times.dropFirst()) {
                #expect(abs(later - earlier - 0.05) < 0.0001, "\(earlier) \(later)")
            }
            let there = try decoded(path)
            #expect(there.frames == 100)
            #expect(abs(there.video - 5) < 0.0005, "\(there)")
            #expect(try Footage.complaints(path) == "")
            if audio {
                // Sound before the first picture and behind the last belongs to nothing; what is between is there once.
                let sound = try packets(path, "a:0")
                let all = try packets(source, "a:0")
                #expect(all.count - sound.count <= 3)
                #expect(
                    (0...max(0, all.count - sound.count)).contains {
                        all.dropFirst($0).prefix(sound.count) == sound[...]
                    },
                    "\(sound.count) of \(all.count)")
            }
        }
    }

    @Test(arguments: [(VideoCodec.h264, 0), (.h264, 3), (.h265, 2)])
    func `a span begins and ends at its instants`(stream: (VideoCodec, Int)) async throws {
        try await Footage.withFolder { folder in
            let source = folder + "/in.mp4"
            try await Footage.generate(source, codec: stream.0, frames: 100, bFrames: stream.1, audio: true)
            let segments = try await record(source, to: folder).sorted
            for (from, to, frames) in [(1.3, 3.0, 34), (0.5, 4.15, 73), (2.25, 2.3, 1)] {
                let (path, plan) = try await assemble(segments, folder, from: from, to: to, name: "\(from).mp4")
                #expect(plan.gaps.isEmpty)
                #expect(plan.durationNanoseconds == Int64(((to - from) * 1e9).rounded()), "\(from)–\(to)")
                let there = try decoded(path)
                #expect(there.frames == frames, "\(from)–\(to): \(there)")
                #expect(abs(there.video - (to - from)) < 0.0001 && abs(there.whole - (to - from)) < 0.03, "\(there)")
                #expect(try Footage.complaints(path) == "")
                // The stored part begins with a keyframe.
                let first = try #require(try Footage.packets(path).first)
                #expect(first.isKey)
            }
        }
    }

    @Test func `a gap is left out, or kept as a picture that stands still`() async throws {
        try await Footage.withFolder { folder in
            let source = folder + "/in.mp4"
            try await Footage.generate(source, codec: .h264, frames: 100, bFrames: 0, audio: true)
            var segments = try await record(source, to: folder).sorted
            segments.remove(at: 2)
            let (joined, plan) = try await assemble(segments, folder, from: 0, to: 5, name: "joined.mp4")
            #expect(plan.gaps.count == 1)
            #expect(abs(try decoded(joined).video - 4) < 0.001)
            let times = try Footage.packets(joined).map(\.pts)
            for (earlier, later) in zip(times, times.dropFirst()) { #expect(abs(later - earlier - 0.05) < 0.001) }
            #expect(try Footage.complaints(joined) == "")
            let (kept, _) = try await assemble(segments, folder, from: 0, to: 5, keepsGaps: true, name: "kept.mp4")
            let there = try decoded(kept)
            #expect(abs(there.video - 5) < 0.001 && there.frames == 80)
            let steps = zip(try Footage.packets(kept).map(\.pts), try Footage.packets(kept).map(\.pts).dropFirst())
                .map { $1 - $0 }
            #expect(abs((steps.max() ?? 0) - 1.05) < 0.001)
        }
    }

    @Test func `motion keeps the segments that an event's clip touches`() async throws {
        try await Footage.withFolder { folder in
            let source = folder + "/in.mp4"
            try await Footage.generate(source, codec: .h264, frames: 160, bFrames: 0)
            let spool = try await record(source, to: folder, mode: .motion, event: 3.2...4.4)
            let kept = spool.sorted
            // Told at 3.2 s, of a clip from 2.7 s.
            #expect(kept.map { Int(($0.mediaStart.seconds - 1).rounded()) } == [2, 3, 4])
            #expect(kept.allSatisfy { $0.hasMotion == true })
            let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0 != "in.mp4" }
            #expect(Set(files) == Set(kept.map(\.path)))
        }
    }

    @Test func `another format is refused, and a file that is gone is a gap`() async throws {
        try await Footage.withFolder { folder in
            try await Footage.generate(folder + "/a.mp4", codec: .h264, frames: 40, bFrames: 0)
            try await Footage.generate(folder + "/b.mp4", codec: .h265, frames: 40, bFrames: 0)
            let first = try await record(folder + "/a.mp4", to: folder).sorted
            var second = try await record(folder + "/b.mp4", to: folder).sorted
            for index in second.indices {
                second[index].startsAt = second[index].startsAt.advanced(bySeconds: 10)
                second[index].endsAt = second[index].endsAt.advanced(bySeconds: 10)
            }
            await #expect(throws: RecordingPlan.Refusal.formatChanges(at: Self.begin.advanced(bySeconds: 10))) {
                _ = try await assemble(first + second, folder, from: 0, to: 20)
            }
            try FileManager.default.removeItem(atPath: folder + "/" + second[0].path)
            let (_, plan) = try await assemble(second, folder, from: 10, to: 20)
            #expect(plan.from == second[1].startsAt)
        }
    }

    @Test func `a segment that was cut off is recovered and joins those before it`() async throws {
        try await Footage.withFolder { folder in
            let source = folder + "/in.mp4"
            try await Footage.generate(source, codec: .h265, frames: 100, bFrames: 2)
            var segments = try await record(source, to: folder, segmentSeconds: 2).sorted
            let last = segments.count - 1
            let path = folder + "/" + segments[last].path
            let recovered = try #require(try await MP4ClipWriterOpener().recover(path: path))
            #expect(recovered.clip.videoFormat == segments[last].videoFormat)
            #expect(recovered.clip.videoUnits == segments[last].videoUnits)
            segments[last].sizeBytes = recovered.clip.sizeBytes
            let (whole, _) = try await assemble(segments, folder, from: 0, to: 60)
            #expect(try packets(whole, "v:0") == packets(source, "v:0"))
        }
    }

    @Test func `from a camera on the network, three segments hold each picture once`() async throws {
        try await Footage.withFolder { folder in
            let source = folder + "/in.mp4"
            try await Footage.generate(source, codec: .h264, frames: 80, bFrames: 0, audio: true)
            let site = SimulatedSite(
                .init(port: 0, streams: [.init(name: "gate", source: .file(path: source))], sharing: .fromStart))
            _ = try site.start()
            defer { site.stop() }
            let (wakes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            let camera = try RTSPOpener(clock: Clock()).open(
                .init(url: site.url(for: "gate"), transport: .tcp, timeoutSeconds: 30)
            ) { continuation.yield() }
            let spool = FolderSpool(folder)
            var recorder: SegmentRecorder?
            var clock = ClockMap()
            var sent: [Int] = []
            reading: for await _ in wakes {
                for item in camera.drain() {
                    switch item {
                    case .stream(let description):
                        recorder = SegmentRecorder(
                            description, camera: Self.camera(.continuous), clips: MP4ClipWriterOpener(), spool: spool,
                            segmentSeconds: 1, at: Clock().now, logger: Self.logger)
                    case .accessUnit(let unit):
                        if unit.track == .video {
                            clock.observe(unit.presentation, arrivedAt: unit.arrivedAt)
                            sent.append(unit.payload.byteCount)
                        }
                        recorder?.received(unit, clock: clock, oldest: unit.presentation)
                        for work in recorder?.takeWork() ?? [] { await work() }
                        if sent.count == 75 { break reading }
                    case .failed(let error): throw error
                    }
                }
            }
            await camera.close()
            recorder?.streamEnded(clock)
            for work in recorder?.takeWork() ?? [] { await work() }
            let segments = spool.sorted
            #expect(segments.count >= 3)
            let file = try await RecordingAssembler(mediaFolder: folder).open(
                segments, from: try #require(segments.first).startsAt, to: try #require(segments.last).endsAt,
                keepsGaps: false)
            let path = folder + "/all.mp4"
            try Data(try await read(file)).write(to: URL(fileURLWithPath: path))
            let sizes = try Footage.output(
                "ffprobe",
                [
                    "-v", "error", "-select_streams", "v", "-show_entries", "packet=size", "-of", "csv=p=0", path,
                ]
            ).text.split(separator: "\n").compactMap { Int($0.prefix { $0 != "," }) }
            #expect(sizes == sent)
            #expect(try decoded(path).frames == 75)
            #expect(try Footage.complaints(path) == "")
        }
    }

    private func read(_ file: any RecordingFile) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while Int64(bytes.count) < file.sizeBytes {
            bytes += try await file.read(at: Int64(bytes.count), count: 1 << 18)
        }
        return bytes
    }
}
