internal import PostgresKit
internal import Synchronization

/// Single rows for many askers with few statements. Who asks while a statement of the same scope is on its way waits, and all that wait
/// are asked for together by the next; who asks alone has a statement at once. Each row is read after it was asked for, so nobody is
/// told of what was before, and nothing is kept.
///
/// A scope is what one statement can be sent for, such as a tenant; scopes do not wait for each other. (Two statements at a time for each
/// made smaller groups and took a fifth more of the processors.) An asker that is cancelled still waits for its statement, which the
/// pool's time limits bound.
final class GatheredReads<Scope: Hashable & Sendable, Key: Hashable & Sendable>: Sendable {
    /// The rows of these keys, in any order, by key; keys without a row are left out.
    typealias Load = @Sendable (Scope, Set<Key>) async throws -> [Key: Row]

    private struct Asker {
        let key: Key
        let answer: CheckedContinuation<Row?, any Error>
    }

    private let load: Load
    /// Who waits for the next statement, of each scope that has one on its way.
    private let waiting = Mutex<[Scope: [Asker]]>([:])

    private static var mostKeys: Int { 100 }

    init(load: @escaping Load) { self.load = load }

    func row(_ key: Key, in scope: Scope) async throws -> Row? {
        if begins(scope) {
            defer { next(scope) }
            return try await load(scope, [key])[key]
        }
        return try await withCheckedThrowingContinuation { answer in
            // The statement may have ended since.
            let isFree = waiting.withLock { waiting in
                let isFree = waiting[scope] == nil
                waiting[scope, default: []].append(Asker(key: key, answer: answer))
                return isFree
            }
            if isFree { next(scope) }
        }
    }

    /// True, and marked, where the scope has no statement on its way.
    private func begins(_ scope: Scope) -> Bool {
        waiting.withLock { waiting in
            guard waiting[scope] == nil else { return false }
            waiting[scope] = []
            return true
        }
    }

    /// After a statement of the scope: sends the next one, if anybody waits.
    private func next(_ scope: Scope) {
        let askers = waiting.withLock { waiting in
            let all = waiting[scope] ?? []
            waiting[scope] = all.isEmpty ? nil : Array(all.dropFirst(Self.mostKeys))
            return all.prefix(Self.mostKeys)
        }
        guard !askers.isEmpty else { return }
        Task {
            defer { next(scope) }
            do {
                let rows = try await load(scope, Set(askers.map(\.key)))
                for asker in askers { asker.answer.resume(returning: rows[asker.key]) }
            } catch {
                for asker in askers { asker.answer.resume(throwing: error) }
            }
        }
    }
}
