import Domain
import Foundation
import Logging
import Synchronization
import Testing

@testable import Spool

/// Remembers what was handed over; can be away.
private final class RecordingStore: EventStore {
    struct State {
        var records: [Identifier<Event>: EventRecord] = [:]
        var order: [Identifier<Event>] = []
        var failuresLeft = 0
        var deleting: [EventRecord] = []
        /// Happens right after the rows were looked at.
        var afterLooking: (@Sendable () async -> Void)?
    }
    let state = Mutex(State())

    func handOver(_ record: EventRecord) async throws {
        try state.withLock { state in
            if state.failuresLeft > 0 {
                state.failuresLeft -= 1
                throw StoreError.unavailable("away")
            }
            if state.records.updateValue(record, forKey: record.id) == nil { state.order.append(record.id) }
        }
    }
    func existing(_ ids: [Identifier<Event>]) async throws -> Set<Identifier<Event>> {
        let (known, afterLooking) = state.withLock { state in
            (Set(ids.filter(state.records.keys.contains)), state.afterLooking)
        }
        await afterLooking?()
        return known
    }
    func deleting() async throws -> [EventRecord] { state.withLock { $0.deleting } }
    func beginDeleting(_ id: Identifier<Event>, of: Identifier<Organization>) async throws -> EventRecord {
        guard let record = state.withLock({ $0.records[id] }) else { throw StoreError.notFound("no event") }
        return record
    }
    func finishDeleting(_ id: Identifier<Event>, of: Identifier<Organization>) async throws {
        state.withLock { state in
            state.records[id] = nil
            state.deleting.removeAll { $0.id == id }
        }
    }
    func event(_ id: Identifier<Event>, of: Identifier<Organization>) async throws -> EventDetail {
        throw StoreError.notFound("not asked in these tests")
    }
    func events(_: EventQuery, of: Identifier<Organization>) async throws -> [EventDetail] { [] }
    func verdicts(of: Identifier<Event>, in: Identifier<Organization>) async throws -> [Verdict] { [] }
    func annotate(
        _: Identifier<Event>, of: Identifier<Organization>, reviewed: Bool?, starred: Bool?, note: String??,
        ifChangedAt: WallTime?
    ) async throws {}
    func changes(
        since time: WallTime, of organization: Identifier<Organization>, limit: Int
    ) async throws -> [EventChange] { [] }
    func changes() async throws -> AsyncStream<EventChange> { AsyncStream { $0.finish() } }
}

/// Recovers a file if it holds anything; never opens a writer.
private struct Recoverer: ClipWriterOpener {
    func open(_: StreamDescription, path: String) throws(ClipError) -> any ClipWriter {
        throw ClipError("not in these tests")
    }
    func recover(path: String) async throws(ClipError) -> RecoveredClip? {
        guard let size = DurableFile.size(path), size > 0 else { return nil }
        return RecoveredClip(
            clip: FinishedClip(
                sizeBytes: size, sha256: "00", starts: MediaTime(nanoseconds: 0), durationSeconds: 3, videoUnits: 30,
                hasAudio: false), codec: .h264, widthPixels: 640, heightPixels: 360)
    }
}

/// A data folder with a spool on it.
private struct Fixture {
    let folder = "/tmp/vedette-spool-\(UUID().uuidString.prefix(8))"
    let store = RecordingStore()
    let layout: SpoolLayout
    let handOver: HandOver
    let spool: DiskSpool
    let recovery: SpoolRecovery

    init() throws {
        let logger = Logger(label: "test.spool")
        layout = SpoolLayout(dataFolder: folder)
        try DurableFile.makeFolder(layout.spoolFolder)
        try DurableFile.makeFolder(layout.mediaFolder)
        handOver = HandOver(layout: layout, store: store, logger: logger)
        spool = DiskSpool(layout: layout, handOver: handOver, logger: logger)
        recovery = SpoolRecovery(spool: spool, clips: Recoverer(), logger: logger)
    }

    func draft(_ seconds: Double = 1_777_629_605) -> EventDraft {
        let time = WallTime(secondsSinceEpoch: seconds)
        return EventDraft(
            id: .make(at: time), organization: Organization.first, site: Site.first, camera: .make(at: time),
            kind: .motion, triggeredAt: time, startedAt: time.advanced(bySeconds: -0.2),
            clipStartsAt: time.advanced(bySeconds: -5), continues: nil)
    }

    /// As if the clip writer had written.
    func record(_ draft: EventDraft) throws {
        let path = try spool.begin(draft)
        try DurableFile.write([1, 2, 3], to: path)
    }

    var outcome: EventOutcome {
        let still = Still(jpeg: [0xff, 0xd8], widthPixels: 768, heightPixels: 432)
        return EventOutcome(
            state: .ready, endedAt: WallTime(secondsSinceEpoch: 1_777_629_610), score: 0.2, boxes: [],
            clip: FinishedClip(
                sizeBytes: 3, sha256: "ab", starts: MediaTime(nanoseconds: 0), durationSeconds: 12, videoUnits: 120,
                hasAudio: false), stream: (.h264, 1280, 720), thumbnail: still,
            evidence: [.init(still: still, atSeconds: 5, box: nil)])
    }

    /// Every file, relative to the data folder.
    var files: [String] {
        (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []).filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: folder + "/" + $0, isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted()
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }
}

struct SpoolTests {
    private func with(_ body: (Fixture) async throws -> Void) async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        try await body(fixture)
    }

    @Test func `a finished event ends up in the media folder and in the store, and leaves nothing in the spool`()
        async throws
    {
        try await with { fixture in
            let draft = fixture.draft()
            try fixture.record(draft)
            try await fixture.spool.finish(draft, fixture.outcome)
            await fixture.handOver.drain()
            let record = try #require(fixture.store.state.withLock { $0.records[draft.id] })
            #expect(record.clip.path == "2026/05/01/\(draft.id)/clip.mp4")
            #expect(record.evidence.count == 1 && record.thumbnailPath != nil)
            #expect(
                fixture.files
                    == ["clip.mp4", "evidence-1.jpg", "thumbnail.jpg"].map { "media/2026/05/01/\(draft.id)/\($0)" })
        }
    }

    @Test func `with the store away events wait on disk and are handed over in order`() async throws {
        try await with { fixture in
            fixture.store.state.withLock { $0.failuresLeft = 1 }
            let drafts = (0..<3).map { fixture.draft(1_777_629_605 + Double($0)) }
            for draft in drafts.reversed() {
                try fixture.record(draft)
                try await fixture.spool.finish(draft, fixture.outcome)
            }
            #expect(await fixture.handOver.waiting == 3)
            await fixture.handOver.drain()
            #expect(fixture.store.state.withLock { $0.order } == drafts.map(\.id))
        }
    }

    @Test func `a crash before the row is committed is made good at the next start`() async throws {
        try await with { fixture in
            let draft = fixture.draft()
            try fixture.record(draft)
            try fixture.spool.settle(draft, fixture.outcome)
            let (report, waiting) = try await fixture.recovery.settleSpool()
            #expect(report.resumed == 1 && waiting == [draft.id])
            for id in waiting { await fixture.handOver.submit(id) }
            await fixture.handOver.drain()
            #expect(fixture.store.state.withLock { $0.order } == [draft.id])
        }
    }

    @Test func `a crash between the final sidecar and the move is made good`() async throws {
        try await with { fixture in
            let draft = fixture.draft()
            try fixture.record(draft)
            try fixture.spool.settle(draft, fixture.outcome)
            // As it was just before the move.
            let moved =
                fixture.layout.mediaFolder + "/"
                + fixture.layout.mediaPath(of: draft.id, triggeredAt: draft.triggeredAt)
            try DurableFile.rename(moved, to: fixture.layout.folder(of: draft.id))
            let (_, waiting) = try await fixture.recovery.settleSpool()
            #expect(waiting == [draft.id])
            #expect(DurableFile.exists(moved + "/clip.mp4"))
        }
    }

    @Test func `an event cut off by a crash is recovered as interrupted`() async throws {
        try await with { fixture in
            let draft = fixture.draft()
            try fixture.record(draft)
            let (report, waiting) = try await fixture.recovery.settleSpool()
            #expect(report.recovered == 1)
            for id in waiting { await fixture.handOver.submit(id) }
            await fixture.handOver.drain()
            let record = try #require(fixture.store.state.withLock { $0.records[draft.id] })
            #expect(record.state == .interrupted)
            #expect(record.clip.durationSeconds == 3)
        }
    }

    @Test func `an event without a playable second, and files of nobody, are gone without trace`() async throws {
        try await with { fixture in
            let empty = fixture.draft()
            _ = try fixture.spool.begin(empty)
            try DurableFile.makeFolder(fixture.layout.folder(of: fixture.draft().id))
            try DurableFile.write([1], to: fixture.layout.spoolFolder + "/stray.tmp")
            try DurableFile.write([0x7b], to: fixture.layout.sidecar(of: fixture.draft().id))
            let (report, waiting) = try await fixture.recovery.settleSpool()
            #expect(report.removed == 4 && waiting.isEmpty)
            #expect(fixture.files == [])
        }
    }

    @Test func `media without a row is removed, media with one stays, and deletions are finished`() async throws {
        try await with { fixture in
            let kept = fixture.draft(1_777_629_605)
            let orphan = fixture.draft(1_777_629_606)
            let doomed = fixture.draft(1_777_629_607)
            for draft in [kept, orphan, doomed] {
                try fixture.record(draft)
                try await fixture.spool.finish(draft, fixture.outcome)
            }
            await fixture.handOver.drain()
            fixture.store.state.withLock { state in
                state.records[orphan.id] = nil
                state.deleting = [state.records[doomed.id]].compactMap { $0 }
            }
            _ = try await fixture.recovery.settleMedia(
                store: fixture.store, startedAt: WallTime(secondsSinceEpoch: 1_777_700_000))
            #expect(fixture.files.allSatisfy { $0.contains(kept.id.description) })
            #expect(fixture.store.state.withLock { $0.records.keys.map(\.self) } == [kept.id])
        }
    }

    @Test func `media that is handed over just while rows are looked at stays`() async throws {
        try await with { fixture in
            let draft = fixture.draft()
            try fixture.record(draft)
            try await fixture.spool.finish(draft, fixture.outcome)
            let orphan = fixture.draft(1_777_629_606)
            try fixture.record(orphan)
            try await fixture.spool.finish(orphan, fixture.outcome)
            try DurableFile.remove(fixture.layout.sidecar(of: orphan.id))
            let handOver = fixture.handOver
            fixture.store.state.withLock { $0.afterLooking = { await handOver.drain() } }
            _ = try await fixture.recovery.settleMedia(
                store: fixture.store, startedAt: WallTime(secondsSinceEpoch: 1_777_700_000))
            await handOver.drain()
            #expect(fixture.store.state.withLock { $0.order } == [draft.id])
            #expect(fixture.files.contains { $0.hasSuffix("\(draft.id)/\(SpoolLayout.clipName)") })
        }
    }
}
