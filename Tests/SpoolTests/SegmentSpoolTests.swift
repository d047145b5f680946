import Domain
import Foundation
import Logging
import Synchronization
import Testing

@testable import Spool

/// Remembers what was handed over; can be away.
private final class SegmentStore: RecordingStore {
    let records = Mutex<[Identifier<Segment>: SegmentRecord]>([:])
    let failuresLeft = Mutex(0)

    func handOver(_ record: SegmentRecord) async throws {
        let fails = failuresLeft.withLock { left in
            defer { left = max(0, left - 1) }
            return left > 0
        }
        if fails { throw StoreError.unavailable("away") }
        records.withLock { $0[record.id] = record }
    }
    func segments(_: RecordingQuery, of: Identifier<Organization>) async throws -> [SegmentRecord] { [] }
    func spans(_: RecordingQuery, of: Identifier<Organization>) async throws -> [RecordedSpan] { [] }
    func existing(_ ids: [Identifier<Segment>]) async throws -> Set<Identifier<Segment>> {
        records.withLock { records in Set(ids.filter(records.keys.contains)) }
    }
}

/// Takes a file for three seconds of video if it holds anything.
private struct Recoverer: ClipWriterOpener {
    func open(_: StreamDescription, path: String) throws(ClipError) -> any ClipWriter {
        throw ClipError("not in these tests")
    }
    func recover(path: String) async throws(ClipError) -> RecoveredClip? {
        guard let size = DurableFile.size(path), size > 0 else { return nil }
        return RecoveredClip(clip: Self.clip, codec: .h264, widthPixels: 640, heightPixels: 360)
    }
    static let clip = FinishedClip(
        sizeBytes: 3, sha256: "00", starts: MediaTime(nanoseconds: 0), durationSeconds: 3, videoUnits: 30,
        hasAudio: false, videoFormat: "f")
}

@Suite(.timeLimit(.minutes(10)))
struct SegmentSpoolTests {
    private let folder = "/tmp/vedette-segments-\(UUID().uuidString.prefix(8))"
    private let store = SegmentStore()
    private let layout: SpoolLayout
    private let handOver: SegmentHandOver
    private let spool: DiskSegmentSpool
    private let recovery: SegmentRecovery
    private let begin = WallTime(secondsSinceEpoch: 1_777_629_605)

    init() throws {
        let logger = Logger(label: "test.segments")
        layout = SpoolLayout(dataFolder: folder)
        try DurableFile.makeFolder(layout.spoolFolder)
        try DurableFile.makeFolder(layout.mediaFolder)
        handOver = SegmentHandOver(layout: layout, store: store, logger: logger)
        spool = DiskSegmentSpool(layout: layout, handOver: handOver, logger: logger)
        recovery = SegmentRecovery(spool: spool, clips: Recoverer(), logger: logger)
    }

    private func draft() -> SegmentDraft {
        SegmentDraft(
            id: .make(at: begin), organization: Organization.first, site: Site.first, camera: .make(at: begin),
            run: .make(at: begin), startsAt: begin, mediaStart: MediaTime(seconds: 100))
    }

    private func outcome(_ draft: SegmentDraft) -> SegmentOutcome {
        SegmentOutcome(
            startsAt: draft.startsAt, endsAt: draft.startsAt.advanced(bySeconds: 60), mediaEnd: MediaTime(seconds: 160),
            clip: Recoverer.clip, codec: .h264, widthPixels: 640, heightPixels: 360, hasMotion: true,
            isInterrupted: false)
    }

    private var files: Set<String> {
        Set(
            (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []).filter {
                $0.hasSuffix(".mp4") || $0.hasSuffix(".json") || $0.hasSuffix(".part")
            })
    }

    private func cleanUp() { try? FileManager.default.removeItem(atPath: folder) }

    @Test func `a segment goes into the media tree and its sidecar goes with the row, also after an outage`()
        async throws
    {
        defer { cleanUp() }
        let draft = draft()
        try DurableFile.write([1, 2, 3], to: try spool.begin(draft))
        store.failuresLeft.withLock { $0 = 1 }
        try await spool.finish(draft, outcome(draft))
        let path = "2026/05/01/recordings/\(draft.camera)/\(draft.id).mp4"
        #expect(files == ["media/\(path)", "spool/segments/\(draft.id).json"])
        #expect(await handOver.waiting == 1)
        await handOver.drain()
        #expect(files == ["media/\(path)"])
        let record = try #require(store.records.withLock { $0[draft.id] })
        #expect(record.path == path && record.hasMotion == true && record.videoFormat == "f")
        #expect(record.mediaEnd == MediaTime(seconds: 160))
        // Repeating the start changes nothing.
        let (report, again) = try await recovery.settleSpool()
        #expect(report == SpoolRecovery.Report() && again.isEmpty)
        #expect(try await recovery.settleMedia(store: store, startedAt: begin.advanced(bySeconds: 99)).removed == 0)
        #expect(files == ["media/\(path)"])
    }

    @Test func `what a crash left half written is recovered, handed over and joined to its run`() async throws {
        defer { cleanUp() }
        let draft = draft()
        try DurableFile.write([1, 2, 3], to: try spool.begin(draft))
        let empty = self.draft()
        try DurableFile.write([], to: try spool.begin(empty))
        try DurableFile.write([9], to: layout.segmentsFolder + "/\(draft.id).mp4.part.recovering")
        try DurableFile.write([9], to: layout.segmentsFolder + "/junk")
        let (report, toHandOver) = try await recovery.settleSpool()
        #expect(toHandOver == [draft.id] && report.recovered == 1 && report.removed == 3)
        for id in toHandOver { await handOver.submit(id) }
        await handOver.drain()
        let record = try #require(store.records.withLock { $0[draft.id] })
        #expect(record.isInterrupted && record.hasMotion == nil)
        #expect(record.endsAt == begin.advanced(bySeconds: 3) && record.mediaEnd == MediaTime(seconds: 103))
        #expect(files == ["media/\(record.path)"])
    }

    @Test func `a crash between the final sidecar and the row is finished`() async throws {
        defer { cleanUp() }
        let draft = draft()
        let part = try spool.begin(draft)
        try DurableFile.write([1, 2, 3], to: part)
        let record = SegmentRecord(draft: draft, outcome: outcome(draft), path: layout.mediaPath(of: draft))
        try DurableFile.replace(layout.sidecar(of: draft.id), with: SegmentSidecar.finished(record).encoded())
        let (report, toHandOver) = try await recovery.settleSpool()
        #expect(report.resumed == 1 && toHandOver == [draft.id])
        #expect(DurableFile.exists(layout.mediaFolder + "/" + record.path) && !DurableFile.exists(part))
    }

    @Test func `files without a row go, those of this start and those that wait stay`() async throws {
        defer { cleanUp() }
        let (orphan, waiting) = (draft(), draft())
        for draft in [orphan, waiting] {
            try DurableFile.write([1, 2, 3], to: try spool.begin(draft))
            try await spool.finish(draft, outcome(draft))
        }
        try DurableFile.remove(layout.sidecar(of: orphan.id))
        #expect(try await recovery.settleMedia(store: store, startedAt: begin.advanced(bySeconds: -1)).removed == 0)
        #expect(try await recovery.settleMedia(store: store, startedAt: begin.advanced(bySeconds: 1)).removed == 1)
        #expect(!DurableFile.exists(layout.mediaFolder + "/" + layout.mediaPath(of: orphan)))
        #expect(DurableFile.exists(layout.mediaFolder + "/" + layout.mediaPath(of: waiting)))
    }

    @Test func `a segment that is not kept leaves nothing`() throws {
        defer { cleanUp() }
        let draft = draft()
        try DurableFile.write([1, 2, 3], to: try spool.begin(draft))
        spool.discard(draft.id)
        #expect(files == [])
    }
}
