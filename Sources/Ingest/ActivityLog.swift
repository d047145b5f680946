import Domain
import Logging
import Synchronization

/// Takes what moves from all cameras and writes it to the store, a batch every few seconds.
///
/// What is not written when the process is killed is lost: the minute that runs, and `ActivityBook.patienceSeconds` more. While the
/// store is away minutes wait, within the bound of `ActivityBook`.
package final class ActivityLog: Sendable {
    private static let pauseSeconds = 5.0
    private static let sweepSeconds = 3600.0
    private static let batch = 500

    private let store: any ActivityStore
    private let clock: any WallClock
    private let logger: Logger
    private let keepSeconds: Double
    private let book: Mutex<ActivityBook>

    /// What is older than `keepDays` is removed.
    package init(
        store: any ActivityStore, clock: any WallClock, keepDays: Double, logger: Logger,
        book: ActivityBook = ActivityBook()
    ) {
        self.store = store
        self.clock = clock
        self.logger = logger
        keepSeconds = keepDays * 86_400
        self.book = Mutex(book)
    }

    func note(
        _ grid: ActivityGrid, camera: Identifier<Camera>, of organization: Identifier<Organization>, at time: WallTime
    ) {
        book.withLock { $0.note(grid, camera: camera, of: organization, at: time) }
    }

    /// Writes and sweeps until it is cancelled.
    package func run() async {
        var sweptAt: WallTime?
        var lost = 0
        while !Task.isCancelled {
            await write(all: false)
            let now = clock.now
            if sweptAt.map({ now.seconds(since: $0) >= Self.sweepSeconds }) ?? true {
                sweptAt = now
                await sweep(at: now)
            }
            let lostNow = book.withLock { $0.lost }
            if lostNow > lost {
                logger.warning(
                    "activity could not be written for too long and was let go",
                    metadata: ["camera_minutes": "\(lostNow - lost)"])
                lost = lostNow
            }
            try? await Task.sleep(for: .seconds(Self.pauseSeconds))
        }
    }

    /// Writes what is complete, or all there is. Ends early where the store is away.
    package func write(all: Bool) async {
        while true {
            let now = clock.now
            let minutes = book.withLock { $0.take(completeAt: all ? nil : now, limit: Self.batch) }
            guard !minutes.isEmpty else { return }
            do {
                try await store.add(minutes)
            } catch StoreError.unavailable(let reason) {
                book.withLock { $0.putBack(minutes) }
                logger.debug("activity waits to be written", metadata: ["error": "\(reason)"])
                return
            } catch is CancellationError {
                book.withLock { $0.putBack(minutes) }
                return
            } catch {
                // It would fail again, and hold up what comes after it.
                logger.error(
                    "activity was refused by the database and is lost",
                    metadata: ["camera_minutes": "\(minutes.count)", "error": "\(error)"])
            }
        }
    }

    private func sweep(at now: WallTime) async {
        do {
            let removed = try await store.removeActivity(before: now.advanced(bySeconds: -keepSeconds))
            if removed > 0 { logger.info("old activity was removed", metadata: ["camera_minutes": "\(removed)"]) }
        } catch {
            logger.debug("old activity was not removed", metadata: ["error": "\(error)"])
        }
    }
}
