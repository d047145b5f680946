import Domain
import Synchronization

/// Lets wakes through until it is closed; when `close` has returned, none runs and none will.
final class WakeGate: Sendable {
    /// A closure that is itself the mutex's value would be wrapped once more at each access: the way through the wrappers
    /// grows with every call, until the stack ends.
    private struct Wake {
        let body: @Sendable () -> Void
        var isResting = false
        /// The last time that a sample woke.
        var wokenAt: WallTime?
    }
    /// At rest, samples wake at most this often.
    static let restSeconds = 0.2

    // Held while waking, so that `close` waits for one that is under way. A wake only hands over and cannot come back.
    private let wake: Mutex<Wake?>

    init(_ wake: @escaping @Sendable () -> Void) { self.wake = Mutex(Wake(body: wake)) }

    func callAsFunction() { wake.withLock { $0?.body() } }

    /// Wakes for a sample; at rest only when none did for a while: the next one wakes for both, or whoever sees that none comes.
    func sampleArrived(at time: WallTime) {
        wake.withLock { wake in
            if wake?.isResting == true, let last = wake?.wokenAt,
                (0..<Self.restSeconds).contains(time.seconds(since: last))
            {
                return
            }
            wake?.wokenAt = time
            wake?.body()
        }
    }

    /// See `MediaSource.rest`.
    func rest(_ isResting: Bool) { wake.withLock { $0?.isResting = isResting } }

    func close() { wake.withLock { $0 = nil } }
}
