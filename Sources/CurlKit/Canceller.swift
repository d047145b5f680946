internal import Synchronization

/// Carries a task's cancellation to its transfer, in whichever order the two appear.
final class Canceller: Sendable {
    private struct State {
        var isCancelled = false
        var transfer: Transfer?
    }
    private let state = Mutex(State())

    /// Called once, before the transfer is handed to the engine.
    func attach(_ transfer: Transfer) {
        state.withLock { state in
            state.transfer = transfer
            if state.isCancelled { transfer.cancelled.store(true, ordering: .releasing) }
        }
    }

    /// True if there was a transfer to cancel.
    func cancel() -> Bool {
        state.withLock { state in
            state.isCancelled = true
            state.transfer?.cancelled.store(true, ordering: .releasing)
            return state.transfer != nil
        }
    }
}
