import Synchronization

/// How many probes run at a time: each holds a connection and a decoder for seconds.
final class ProbePlaces: Sendable {
    static let most = 2
    private let free = Mutex(ProbePlaces.most)

    /// Runs `body` where there is a place, else throws a `Problem` of kind `rateLimited`.
    func run<Value>(_ body: () async -> Value) async throws -> Value {
        let granted = free.withLock { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
        guard granted else {
            throw Problem(
                .rateLimited, "\(Self.most) probes are under way already; try again when one has ended",
                headers: [.retryAfter: "5"])
        }
        defer { free.withLock { $0 += 1 } }
        return await body()
    }
}
