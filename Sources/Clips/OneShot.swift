import Synchronization

/// A value that is set once and can be waited for, also by a task that was cancelled: a clip is finished all the same
/// when the program stops.
final class OneShot<Value: Sendable>: Sendable {
    private enum State {
        case empty
        case waiting([CheckedContinuation<Value, Never>])
        case set(Value)
    }
    private let state = Mutex(State.empty)

    /// Sets the value; later calls change nothing.
    func set(_ value: Value) {
        let waiting: [CheckedContinuation<Value, Never>] = state.withLock { state in
            switch state {
            case .set: return []
            case .empty:
                state = .set(value)
                return []
            case .waiting(let waiting):
                state = .set(value)
                return waiting
            }
        }
        for continuation in waiting { continuation.resume(returning: value) }
    }

    /// The value, as soon as it is set.
    func value() async -> Value {
        await withCheckedContinuation { continuation in
            let value: Value? = state.withLock { state in
                switch state {
                case .set(let value): return value
                case .empty:
                    state = .waiting([continuation])
                    return nil
                case .waiting(let waiting):
                    state = .waiting(waiting + [continuation])
                    return nil
                }
            }
            if let value { continuation.resume(returning: value) }
        }
    }
}
