import Domain
import Logging
import Synchronization
import Testing

@testable import Ingest

/// Keeps what is added, or refuses.
private final class Shelf: ActivityStore {
    let kept = Mutex<[ActivityMinute]>([])
    let refusal = Mutex<StoreError?>(nil)
    let swept = Mutex<[WallTime]>([])

    func add(_ minutes: [ActivityMinute]) async throws {
        if let refusal = refusal.withLock({ $0 }) { throw refusal }
        kept.withLock { $0 += minutes }
    }

    func activity(
        of camera: Identifier<Domain.Camera>, in organization: Identifier<Organization>, from: WallTime, to: WallTime,
        limit: Int
    ) async throws -> [ActivityMinute] { [] }

    func removeActivity(before time: WallTime) async throws -> Int {
        swept.withLock { $0.append(time) }
        return 0
    }
}

private final class HandClock: WallClock {
    private let time = Mutex(WallTime(secondsSinceEpoch: 0))
    var now: WallTime {
        get { time.withLock { $0 } }
        set { time.withLock { $0 = newValue } }
    }
}

struct ActivityLogTests {
    private let camera = Identifier<Domain.Camera>.make(at: WallTime(secondsSinceEpoch: 1))
    private let grid = ActivityGrid(touching: Box(x: 0.1, y: 0.1, width: 0.1, height: 0.1))

    @Test func `minutes are written when they are over, and wait while the store is away`() async {
        let (shelf, clock) = (Shelf(), HandClock())
        let log = ActivityLog(store: shelf, clock: clock, keepDays: 1, logger: Logger(label: "test"))
        for second in stride(from: 600.0, to: 780, by: 1) {
            log.note(grid, camera: camera, of: Organization.first, at: WallTime(secondsSinceEpoch: second))
        }
        clock.now = WallTime(secondsSinceEpoch: 720)
        shelf.refusal.withLock { $0 = .unavailable("away") }
        await log.write(all: false)
        #expect(shelf.kept.withLock { $0.isEmpty })
        shelf.refusal.withLock { $0 = nil }
        await log.write(all: false)
        // The second minute has been over for no time yet.
        #expect(shelf.kept.withLock { $0.map(\.minute) } == [10])
        clock.now = WallTime(secondsSinceEpoch: 736)
        await log.write(all: false)
        await log.write(all: false)
        #expect(shelf.kept.withLock { $0.map(\.minute) } == [10, 11])
        // At the end of the process everything is.
        await log.write(all: true)
        #expect(shelf.kept.withLock { $0.map(\.seconds.count) } == [60, 60, 60])
    }

    @Test func `what the store refuses for good holds up nothing`() async {
        let (shelf, clock) = (Shelf(), HandClock())
        let log = ActivityLog(store: shelf, clock: clock, keepDays: 1, logger: Logger(label: "test"))
        log.note(grid, camera: camera, of: Organization.first, at: WallTime(secondsSinceEpoch: 60))
        shelf.refusal.withLock { $0 = .notFound("no such camera") }
        await log.write(all: true)
        shelf.refusal.withLock { $0 = nil }
        log.note(grid, camera: camera, of: Organization.first, at: WallTime(secondsSinceEpoch: 120))
        await log.write(all: true)
        #expect(shelf.kept.withLock { $0.map(\.minute) } == [2])
    }

    @Test func `old activity is removed at the start`() async {
        let (shelf, clock) = (Shelf(), HandClock())
        clock.now = WallTime(secondsSinceEpoch: 10 * 86_400)
        let log = ActivityLog(store: shelf, clock: clock, keepDays: 3, logger: Logger(label: "test"))
        let task = Task { await log.run() }
        while shelf.swept.withLock({ $0.isEmpty }) { await Task.yield() }
        task.cancel()
        await task.value
        #expect(shelf.swept.withLock { $0 } == [WallTime(secondsSinceEpoch: 7 * 86_400)])
    }
}
