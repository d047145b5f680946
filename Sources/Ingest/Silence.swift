import Synchronization

/// Set when a connection's watchdog ran out.
final class Silence: Sendable {
    private let flag = Atomic(false)
    private let gate: WakeGate

    init(gate: WakeGate) { self.gate = gate }

    var hasBegun: Bool { flag.load(ordering: .acquiring) }

    func began() {
        flag.store(true, ordering: .releasing)
        gate()
    }
}
