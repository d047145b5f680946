import Domain
import PostgresKit
import TestSupport
import Testing

@testable import Store

extension TestStore {
    /// A segment whose times are seconds after a fixed one, on a timeline that begins then.
    static func segment(
        _ camera: Camera, _ from: Double = 0, _ to: Double = 60, run: Identifier<RecordingRun>? = nil,
        hasMotion: Bool? = false, audio: String? = nil
    ) -> SegmentRecord {
        let begin = WallTime(secondsSinceEpoch: 1_777_629_600)
        let id = Identifier<Segment>.make(at: begin.advanced(bySeconds: from))
        return SegmentRecord(
            id: id, organization: camera.organization, site: camera.site, camera: camera.id,
            run: run ?? .make(at: begin), startsAt: begin.advanced(bySeconds: from),
            endsAt: begin.advanced(bySeconds: to), mediaStart: MediaTime(seconds: from),
            mediaEnd: MediaTime(seconds: to),
            path: "2026/05/01/recordings/\(camera.id)/\(id).mp4", sizeBytes: 1000,
            sha256: String(repeating: "ab", count: 32), codec: .h264, widthPixels: 1920, heightPixels: 1080,
            videoFormat: "f", audioFormat: audio, videoUnits: 900, hasMotion: hasMotion, isInterrupted: false)
    }
}

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"), .timeLimit(.minutes(10)))
struct RecordingStoreTests {
    private let begin = WallTime(secondsSinceEpoch: 1_777_629_600)

    private func at(_ seconds: Double) -> WallTime { begin.advanced(bySeconds: seconds) }

    @Test func `a segment comes back as it was handed over, once`() async throws {
        try await TestStore.with { store async throws in
            let camera = try await store.makeCamera()
            let record = TestStore.segment(camera, hasMotion: nil, audio: "a")
            for _ in 0..<2 { try await store.store.recordings.handOver(record) }
            let query = RecordingQuery(camera: camera.id, from: at(59), to: at(61))
            #expect(try await store.store.recordings.segments(query, of: camera.organization) == [record])
            #expect(try await store.store.recordings.existing([record.id, .make(at: begin)]) == [record.id])
            for (from, to) in [(60.0, 70.0), (-9, 0)] {
                let outside = RecordingQuery(camera: camera.id, from: at(from), to: at(to))
                #expect(try await store.store.recordings.segments(outside, of: camera.organization).isEmpty)
            }
            let other = try await store.makeOrganization("other")
            #expect(try await store.store.recordings.segments(query, of: other).isEmpty)
        }
    }

    @Test func `a segment of a camera that is not there is refused`() async throws {
        try await TestStore.with { store async throws in
            var camera = try await store.makeCamera()
            camera.id = .make(at: begin)
            await #expect(throws: StoreError.self) {
                try await store.store.recordings.handOver(TestStore.segment(camera))
            }
        }
    }

    @Test func `spans join what follows, tell the gaps, and go on page by page`() async throws {
        try await TestStore.with { store async throws in
            let camera = try await store.makeCamera()
            let runs = (0..<3).map { _ in Identifier<RecordingRun>.make(at: begin) }
            for record in [
                TestStore.segment(camera, 0, 60, run: runs[0]),
                TestStore.segment(camera, 60, 120, run: runs[0], hasMotion: true),
                // One is missing.
                TestStore.segment(camera, 180, 240, run: runs[0], hasMotion: nil),
                TestStore.segment(camera, 240, 300, run: runs[1], audio: "a"),
                TestStore.segment(camera, 305, 365, run: runs[2]),
            ] { try await store.store.recordings.handOver(record) }
            var query = RecordingQuery(camera: camera.id, from: at(30), to: at(360))
            let all = try await store.store.recordings.spans(query, of: camera.organization)
            #expect(all.map { $0.startsAt } == [at(30), at(180), at(240), at(305)])
            #expect(all.map { $0.endsAt } == [at(120), at(240), at(300), at(360)])
            #expect(all.map(\.gapBeforeSeconds) == [0, 60, 0, 5])
            #expect(all.map(\.segments) == [2, 1, 1, 1] && all.map(\.sizeBytes) == [2000, 1000, 1000, 1000])
            #expect(all.map(\.hasMotion) == [true, nil, false, false])
            #expect(all.map(\.hasAudio) == [false, false, true, false])
            var paged: [RecordedSpan] = []
            query.limit = 1
            while let next = try await store.store.recordings.spans(query, of: camera.organization).first {
                paged.append(next)
                query.after = next.endsAt
            }
            #expect(paged == all)
            let before = RecordingQuery(camera: camera.id, from: at(-60), to: at(60))
            #expect(
                try await store.store.recordings.spans(before, of: camera.organization).map(\.gapBeforeSeconds) == [60])
        }
    }

    @Test func `the setting of a camera is kept`() async throws {
        try await TestStore.with { store async throws in
            var camera = try await store.makeCamera()
            #expect(camera.settings.record == .events)
            camera.settings.record = .motion
            camera.revision = try await store.store.cameras.update(camera)
            #expect(try await store.store.cameras.camera(camera.id, of: camera.organization) == camera)
        }
    }
}
