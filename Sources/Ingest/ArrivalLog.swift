import Domain
import Synchronization

/// Remembers when each sample of one sink arrived until it is pulled, so that a consumer that is late does not make the
/// samples look late.
///
/// The sink queues a sample first and calls back second, so a sample may be pulled before its arrival is noted.
final class ArrivalLog: Sendable {
    private struct State {
        var times: [WallTime] = []
        var first = 0
        var arrived = 0
        var pulled = 0
    }
    private let state = Mutex(State())

    /// One more sample is in the sink's queue.
    func sampleArrived(at time: WallTime) {
        state.withLock { state in
            state.arrived += 1
            if state.arrived > state.pulled { state.times.append(time) }
        }
    }

    /// When the sample that was just pulled arrived; `now` when that is not noted yet.
    func timeOfPulledSample(now: WallTime) -> WallTime {
        state.withLock { state in
            state.pulled += 1
            guard state.first < state.times.count else { return now }
            defer {
                state.first += 1
                if state.first == state.times.count || state.first >= 256 {
                    state.times.removeFirst(state.first)
                    state.first = 0
                }
            }
            return state.times[state.first]
        }
    }
}
