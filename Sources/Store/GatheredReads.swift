internal import PostgresKit
internal import Synchronization

/// Single rows for many askers with few statements. Who asks while statements are on their way waits, and all that wait are asked for
/// together by the next; who asks alone has a statement at once. Each row is read after it was asked for, so nobody is
/// told of what was before, and nothing is kept.
///
/// A scope is what one statement can be sent for, such as a tenant. An asker that is cancelled still waits for its statement,
/// which the pool's time limits bound.
final class GatheredReads<Scope: Hashable & Sendable, Key: Hashable & Sendable>: Sendable {
    /// The rows of these keys, in any order, by key; keys without a row are left out.
    typealias Load = @Sendable (Scope, Set<Key>) async throws -> [Key: Row]

    private struct Asker {
        let scope: Scope
        let key: Key
        let answer: CheckedContinuation<Row?, any Error>
    }
    private struct State {
        var statements = 0
        var waiting: [Asker] = []
    }

    private let most: Int
    private let load: Load
    private let state = Mutex(State())

    private static var mostKeys: Int { 100 }

    /// At most `most` statements at a time.
    init(most: Int = 2, load: @escaping Load) {
        self.most = max(1, most)
        self.load = load
    }

    func row(_ key: Key, in scope: Scope) async throws -> Row? {
        let isFirst = state.withLock { state in
            guard state.statements < most else { return false }
            state.statements += 1
            return true
        }
        if isFirst {
            defer { next() }
            return try await load(scope, [key])[key]
        }
        return try await withCheckedThrowingContinuation { answer in
            let isFree = state.withLock { state in
                state.waiting.append(Asker(scope: scope, key: key, answer: answer))
                // The last statement may have ended since.
                guard state.statements == 0 else { return false }
                state.statements += 1
                return true
            }
            if isFree { next() }
        }
    }

    /// After a statement: sends the next one, if anybody waits.
    private func next() {
        let askers = state.withLock { state in
            guard let scope = state.waiting.first?.scope else {
                state.statements -= 1
                return [Asker]()
            }
            var taken: [Asker] = []
            state.waiting.removeAll { asker in
                guard asker.scope == scope, taken.count < Self.mostKeys else { return false }
                taken.append(asker)
                return true
            }
            return taken
        }
        guard let scope = askers.first?.scope else { return }
        Task {
            defer { next() }
            do {
                let rows = try await load(scope, Set(askers.map(\.key)))
                for asker in askers { asker.answer.resume(returning: rows[asker.key]) }
            } catch {
                for asker in askers { asker.answer.resume(throwing: error) }
            }
        }
    }
}
