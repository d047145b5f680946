import Synchronization

/// Closes a connection whose reader takes nothing.
final class StallWatch: Sendable {
    private let since = Mutex<ContinuousClock.Instant?>(nil)

    func begin() { since.withLock { $0 = .now } }
    func end() { since.withLock { $0 = nil } }

    func run(limitSeconds: Double, close: @Sendable () -> Void) async {
        while !Task.isCancelled {
            let limit = Duration.seconds(limitSeconds)
            if let began = since.withLock({ $0 }), began.duration(to: .now) > limit { return close() }
            try? await Task.sleep(for: limit / 4)
        }
    }
}
