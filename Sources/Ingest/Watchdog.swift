import Dispatch
import Synchronization

/// Fires once when nothing has happened for a while. Cheap to feed: a timer is set only when the last one runs out.
final class Watchdog: Sendable {
    private struct Timer: @unchecked Sendable {
        // Dispatch documents its sources as thread-safe.
        let source: any DispatchSourceTimer
    }
    private struct State {
        var lastFed: DispatchTime
        var timer: Timer?
    }
    // One for all cameras: a check takes microseconds.
    private static let queue = DispatchQueue(label: "vedette.ingest.watchdog")
    private let state: Mutex<State>
    private let limit: DispatchTimeInterval
    private let expired: @Sendable () -> Void

    /// Starts to count. `expired` is called on a private queue and must only hand over.
    init(limitSeconds: Double, expired: @escaping @Sendable () -> Void) {
        limit = .milliseconds(max(1, Int(limitSeconds * 1000)))
        self.expired = expired
        state = Mutex(State(lastFed: .now()))
        let timer = DispatchSource.makeTimerSource(queue: Self.queue)
        timer.setEventHandler { [weak self] in self?.check() }
        timer.schedule(deadline: .now() + limit, leeway: .milliseconds(50))
        let held = Timer(source: timer)
        state.withLock { $0.timer = held }
        held.source.activate()
    }

    deinit { stop() }

    /// Something happened.
    func feed() { state.withLock { $0.lastFed = .now() } }

    /// Counts no more; idempotent.
    func stop() {
        let timer = state.withLock { state in
            defer { state.timer = nil }
            return state.timer
        }
        timer?.source.cancel()
    }

    private func check() {
        let isOver = state.withLock { state in
            guard let timer = state.timer else { return false }
            let deadline = state.lastFed + limit
            if deadline > .now() {
                timer.source.schedule(deadline: deadline, leeway: .milliseconds(50))
                return false
            }
            state.timer = nil
            timer.source.cancel()
            return true
        }
        if isOver { expired() }
    }
}
