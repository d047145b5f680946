internal import Dispatch
internal import Synchronization

/// Runs blocking work one piece at a time on a queue of its own, so that it never holds a thread of the cooperative pool.
final class BlockingQueue: Sendable {
    /// Tells running work that nobody waits for it any more.
    final class Ticket: Sendable {
        private let flag = Atomic<Bool>(false)
        var isCancelled: Bool { flag.load(ordering: .acquiring) }
        func cancel() { flag.store(true, ordering: .releasing) }
    }

    enum Refusal: Error, Sendable { case full, cancelled }

    private let queue: DispatchQueue
    private let waiting = Mutex(0)
    private let limit: Int

    /// - Parameter limit: how many pieces of work may run or wait.
    init(label: String, limit: Int) {
        queue = DispatchQueue(label: label)
        self.limit = limit
    }

    /// Runs `work` and returns its result. Cancelling the task returns `cancelled` at once; work that has begun sees it
    /// in its ticket and should end soon.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable (Ticket) -> Value
    ) async throws(Refusal) -> Value {
        let hasRoom = waiting.withLock { waiting in
            guard waiting < limit else { return false }
            waiting += 1
            return true
        }
        guard hasRoom else { throw .full }
        let ticket = Ticket()
        let answer = Answer<Value>()
        let result: Result<Value, Refusal> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                answer.wait(continuation)
                queue.async { [self] in
                    defer { waiting.withLock { $0 -= 1 } }
                    answer.give(ticket.isCancelled ? .failure(.cancelled) : .success(work(ticket)))
                }
            }
        } onCancel: {
            ticket.cancel()
            answer.give(.failure(.cancelled))
        }
        return try result.get()
    }

    /// A continuation that is resumed once, by whoever comes first.
    private final class Answer<Value: Sendable>: Sendable {
        private enum State {
            case idle
            case waiting(CheckedContinuation<Result<Value, Refusal>, Never>)
            case given(Result<Value, Refusal>)
        }
        private let state = Mutex(State.idle)

        func wait(_ continuation: CheckedContinuation<Result<Value, Refusal>, Never>) {
            let early: Result<Value, Refusal>? = state.withLock { state in
                if case .given(let result) = state { return result }
                state = .waiting(continuation)
                return nil
            }
            if let early { continuation.resume(returning: early) }
        }

        func give(_ result: Result<Value, Refusal>) {
            let waiting: CheckedContinuation<Result<Value, Refusal>, Never>? = state.withLock { state in
                switch state {
                case .idle:
                    state = .given(result)
                    return nil
                case .waiting(let continuation):
                    state = .given(result)
                    return continuation
                case .given: return nil
                }
            }
            waiting?.resume(returning: result)
        }
    }
}
