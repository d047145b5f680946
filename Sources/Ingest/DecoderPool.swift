import FoundationEssentials
import Synchronization

/// How many decoders run at the same time, over all cameras. Who finds no place waits in a queue, first come first served;
/// meanwhile its pictures wait in its ring.
package final class DecoderPool: Sendable {
    /// A place in the pool, or in the queue for one. Given back with `leave`.
    package final class Ticket: Sendable {
        fileprivate let granted = Atomic(false)
        fileprivate let wake: @Sendable () -> Void

        fileprivate init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

        /// True from the moment on when its owner may decode.
        package var isGranted: Bool { granted.load(ordering: .acquiring) }
    }

    private struct State {
        var free: Int
        var queue: [Ticket] = []
    }
    private let state: Mutex<State>

    /// At least one place.
    package init(places: Int) { state = Mutex(State(free: max(places, 1))) }

    /// Asks for a place; `wake` is called, from any thread, when one that was waited for is there, and must only hand over.
    package func request(wake: @escaping @Sendable () -> Void) -> Ticket {
        let ticket = Ticket(wake: wake)
        state.withLock { state in
            if state.free > 0, state.queue.isEmpty {
                state.free -= 1
                ticket.granted.store(true, ordering: .releasing)
            } else {
                state.queue.append(ticket)
            }
        }
        return ticket
    }

    /// True when somebody waits for a place.
    package var isWantedByOthers: Bool { state.withLock { !$0.queue.isEmpty } }

    /// Gives a place back, or no longer waits for one; idempotent.
    package func leave(_ ticket: Ticket) {
        let next = state.withLock { state -> Ticket? in
            if let index = state.queue.firstIndex(where: { $0 === ticket }) {
                state.queue.remove(at: index)
                return nil
            }
            guard ticket.granted.exchange(false, ordering: .acquiringAndReleasing) else { return nil }
            guard !state.queue.isEmpty else {
                state.free += 1
                return nil
            }
            let next = state.queue.removeFirst()
            next.granted.store(true, ordering: .releasing)
            return next
        }
        next?.wake()
    }
}

/// The pools of one process.
package struct DecoderPools: Sendable {
    /// For whole GOPs.
    package var decoders: DecoderPool
    /// For single keyframes, which take milliseconds each.
    package var looks: DecoderPool

    /// A software decoder of 1080p at 15 frames a second takes a tenth of a core, and more of them than cores can serve
    /// only take memory.
    package init(cores: Int = ProcessInfo.processInfo.activeProcessorCount) {
        decoders = DecoderPool(places: max(16, 10 * cores))
        looks = DecoderPool(places: max(2, cores))
    }
}
