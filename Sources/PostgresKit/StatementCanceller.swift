internal import CPostgres
internal import Dispatch
internal import Synchronization

/// Ends the statement that a connection has under way, from another thread, and never the one after it.
final class StatementCanceller: Sendable {
    /// Names one cancellable stretch of work.
    struct Ticket: Hashable, Sendable { fileprivate var number: UInt64 }

    private struct State: @unchecked Sendable {
        // Reason: reached only through the mutex; libpq allows PQcancel from any thread.
        var handle: OpaquePointer?
        var issued: UInt64 = 0
        var inFlight: Ticket?
    }

    // Held while `PQcancel` runs, so that the connection cannot begin its next statement before a cancel has been
    // delivered.
    private let state: Mutex<State>

    /// Makes the `PGcancel` of `connection`, which the caller still owns.
    init(borrowing connection: OpaquePointer) { state = Mutex(State(handle: PQgetCancel(connection))) }

    deinit { state.withLock { PQfreeCancel($0.handle) } }

    func issue() -> Ticket {
        state.withLock {
            $0.issued += 1
            return Ticket(number: $0.issued)
        }
    }

    /// Marks a statement of `ticket` as under way; `end` must follow.
    func begin(_ ticket: Ticket) { state.withLock { $0.inFlight = ticket } }

    func end() { state.withLock { $0.inFlight = nil } }

    /// Returns at once; the cancel request goes out on another queue, because it opens a connection of its own. It is
    /// repeated while the statement goes on: the server ignores one that arrives before the statement does.
    func cancel(_ ticket: Ticket) { cancel(ticket, afterSeconds: 0) }

    private func cancel(_ ticket: Ticket, afterSeconds seconds: Double) {
        DispatchQueue.global(qos: .userInitiated).asyncAfter(deadline: .now() + seconds) {
            let isUnderWay = self.state.withLock { state in
                guard state.inFlight == ticket, let handle = state.handle else { return false }
                var message = [CChar](repeating: 0, count: 256)
                // A failure means that the server is gone or the statement over; both end the statement anyway.
                _ = PQcancel(handle, &message, Int32(message.count))
                return true
            }
            if isUnderWay { self.cancel(ticket, afterSeconds: max(0.02, min(1, seconds * 2))) }
        }
    }
}
