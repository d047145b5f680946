import Synchronization

/// Lets wakes through until it is closed; when `close` has returned, none runs and none will.
final class WakeGate: Sendable {
    // Held while waking, so that `close` waits for one that is under way. A wake only hands over and cannot come back.
    private let wake: Mutex<(@Sendable () -> Void)?>

    init(_ wake: @escaping @Sendable () -> Void) { self.wake = Mutex(wake) }

    func callAsFunction() { wake.withLock { $0?() } }

    func close() { wake.withLock { $0 = nil } }
}
