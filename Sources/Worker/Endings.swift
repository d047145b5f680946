import Domain

/// Completes jobs in batches without making anyone wait for a batch: those that end while a write is on its way go together
/// with the next.
actor Endings {
    private struct Waiter {
        var completion: JobCompletion
        var continuation: CheckedContinuation<Bool, any Error>
    }

    private var waiting: [Waiter] = []
    private var isWriting = false

    /// One statement's worth.
    private static let batchSize = 100

    /// False where the lease was lost.
    func complete(_ completion: JobCompletion, in queue: any JobQueue) async throws -> Bool {
        if isWriting {
            return try await withCheckedThrowingContinuation { continuation in
                waiting.append(Waiter(completion: completion, continuation: continuation))
            }
        }
        isWriting = true
        let mine = await Self.write([completion], in: queue)
        while !waiting.isEmpty {
            let batch = Array(waiting.prefix(Self.batchSize))
            waiting.removeFirst(batch.count)
            let outcome = await Self.write(batch.map(\.completion), in: queue)
            if case .failure = outcome, batch.count > 1 {
                // One that cannot be stored must not keep the others from it.
                for waiter in batch {
                    switch await Self.write([waiter.completion], in: queue) {
                    case .success(let written):
                        waiter.continuation.resume(returning: written.contains(waiter.completion.lease.token))
                    case .failure(let error): waiter.continuation.resume(throwing: error)
                    }
                }
                continue
            }
            for waiter in batch {
                waiter.continuation.resume(with: outcome.map { $0.contains(waiter.completion.lease.token) })
            }
        }
        isWriting = false
        return try mine.get().contains(completion.lease.token)
    }

    private static func write(
        _ completions: [JobCompletion], in queue: any JobQueue
    ) async -> Result<Set<Identifier<Lease>>, any Error> {
        do { return .success(try await queue.complete(completions)) } catch { return .failure(error) }
    }
}
