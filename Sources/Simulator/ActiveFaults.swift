import Synchronization

/// How one camera misbehaves right now. Read by the camera's feed, its packets and its door, each on its own thread.
final class ActiveFaults: Sendable {
    private struct State {
        var active: [(token: Int, fault: Misbehaviour)] = []
        var next = 1
        var jumpedSeconds = 0.0
    }
    private let state = Mutex(State())

    /// Begins; the token ends it. What happens once is not kept.
    func begin(_ fault: Misbehaviour) -> Int {
        state.withLock { state in
            defer { state.next += 1 }
            if case .jump(let seconds) = fault { state.jumpedSeconds += seconds }
            if !fault.name.isInstant { state.active.append((state.next, fault)) }
            return state.next
        }
    }

    /// Ends what `begin` gave this token for; nil where it is over already.
    func end(_ token: Int) -> Misbehaviour? {
        state.withLock { state in
            guard let index = state.active.firstIndex(where: { $0.token == token }) else { return nil }
            return state.active.remove(at: index).fault
        }
    }

    /// The latest that `pick` takes.
    func latest<Value>(_ pick: (Misbehaviour) -> Value?) -> Value? {
        state.withLock { state in
            for entry in state.active.reversed() { if let value = pick(entry.fault) { return value } }
            return nil
        }
    }

    func has(_ name: Misbehaviour.Name) -> Bool { latest { $0.name == name ? true : nil } ?? false }

    /// Of all that `end` would end.
    var tokens: [Int] { state.withLock { $0.active.map(\.token) } }

    var all: [Misbehaviour] { state.withLock { $0.active.map(\.fault) } }

    /// By how much the camera's timestamps have jumped since it was switched on.
    var jumpedSeconds: Double { state.withLock(\.jumpedSeconds) }
}
