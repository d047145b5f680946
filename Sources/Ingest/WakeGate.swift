import Synchronization

/// Lets wakes through until it is closed; when `close` has returned, none runs and none will.
final class WakeGate: Sendable {
    /// A closure that is itself the mutex's value would be wrapped once more at each access: the way through the wrappers
    /// grows with every call, until the stack ends.
    private struct Wake {
        let body: @Sendable () -> Void
    }
    // Held while waking, so that `close` waits for one that is under way. A wake only hands over and cannot come back.
    private let wake: Mutex<Wake?>

    init(_ wake: @escaping @Sendable () -> Void) { self.wake = Mutex(Wake(body: wake)) }

    func callAsFunction() { wake.withLock { $0?.body() } }

    func close() { wake.withLock { $0 = nil } }
}
