import Dispatch
import Synchronization

/// A program that may still be in the making.
final class MediaSupply: Sendable {
    private let result = Mutex<Result<Program, SimulatorError>?>(nil)
    private let pending = DispatchGroup()

    /// Ready from the start.
    init(_ program: Program) { result.withLock { $0 = .success(program) } }

    /// Made on `queue`, which may be busy with others first.
    init(on queue: DispatchQueue, _ make: @escaping @Sendable () throws(SimulatorError) -> Program) {
        pending.enter()
        queue.async { [result = self.store, pending] in
            do throws(SimulatorError) {
                result(.success(try make()))
            } catch {
                result(.failure(error))
            }
            pending.leave()
        }
    }

    /// The program; blocks until it is made. Not for a thread of the shared pool.
    func wait() throws(SimulatorError) -> Program {
        pending.wait()
        return try current()
    }

    /// The program; suspends until it is made.
    func ready() async throws(SimulatorError) -> Program {
        await withCheckedContinuation { continuation in
            pending.notify(queue: .global()) { continuation.resume() }
        }
        return try current()
    }

    /// The program where it is made already.
    var ifReady: Program? { result.withLock { try? $0?.get() } }

    private func store(_ made: Result<Program, SimulatorError>) { result.withLock { $0 = made } }

    private func current() throws(SimulatorError) -> Program {
        guard let made = result.withLock(\.self) else {
            throw SimulatorError(.encoding, "the stream is not ready")
        }
        return try made.get()
    }
}
