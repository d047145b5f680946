internal import Dispatch
internal import Synchronization

/// Wakes this process's waiting workers at times that no notification tells of.
final class JobWakeups: Sendable {
    private struct State {
        var waiting: [Int: AsyncStream<Void>.Continuation] = [:]
        var next = 0
        var timer: (any DispatchSourceTimer)?
    }

    private let pollSeconds: Double
    private let state = Mutex(State())

    init(pollSeconds: Double) { self.pollSeconds = max(0.1, pollSeconds) }

    deinit { state.withLock { $0.timer?.cancel() } }

    func add(_ continuation: AsyncStream<Void>.Continuation) -> Int {
        state.withLock { state in
            state.next += 1
            state.waiting[state.next] = continuation
            if state.timer == nil {
                let timer = DispatchSource.makeTimerSource(queue: .global())
                timer.schedule(deadline: .now() + pollSeconds, repeating: pollSeconds, leeway: .milliseconds(100))
                timer.setEventHandler { [weak self] in self?.wake() }
                timer.activate()
                state.timer = timer
            }
            return state.next
        }
    }

    func remove(_ number: Int) {
        state.withLock { state in
            state.waiting[number] = nil
            if state.waiting.isEmpty {
                state.timer?.cancel()
                state.timer = nil
            }
        }
    }

    /// Later than that the poll is near enough.
    func wake(afterSeconds seconds: Double) {
        guard seconds < pollSeconds || seconds <= 60 else { return }
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [weak self] in self?.wake() }
    }

    func wake() {
        let waiting = state.withLock { Array($0.waiting.values) }
        for continuation in waiting { continuation.yield() }
    }
}
