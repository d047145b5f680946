internal import Domain
internal import PostgresKit
internal import Synchronization

/// Whose secrets were shown in the last second: a page asks for much at once, and finding out who asks cost as much as most
/// answers did (`vedette bench api`).
///
/// Nothing here outlives a change. This process forgets everything after each change of its own; others when they hear of it, which is a
/// notification after the commit (`Channel.access`); and all of them after a second, should that be lost.
final class PrincipalMemory: Sendable {
    /// Whom a secret belongs to, and until when.
    struct Known: Sendable {
        var principal: Principal
        var endsAt: WallTime?
    }

    private struct State {
        var known: [String: (known: Known, at: ContinuousClock.Instant)] = [:]
        /// Of what is read: what was asked before something was forgotten is not kept.
        var generation = 0
        var isListening = false
    }

    private let listener: Listener
    private let longest: Duration
    private let state = Mutex(State())

    /// Secrets; more begin anew.
    private static let most = 10_000

    init(listener: Listener, longest: Duration = .seconds(1)) {
        self.listener = listener
        self.longest = longest
    }

    /// Whom the secret of this hash belongs to, of the last second or by `read`. What `read` does not find is not remembered.
    func known(_ hash: String, read: () async throws -> Known?) async throws -> Known? {
        await listen()
        let now = ContinuousClock.now
        let (found, generation) = state.withLock { ($0.known[hash], $0.generation) }
        if let found, now - found.at < longest { return found.known }
        guard let known = try await read() else { return nil }
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.known.count >= Self.most { state.known = [:] }
            state.known[hash] = (known, now)
        }
        return known
    }

    /// To be called after every change, whether it is known to have happened or not.
    func forget() {
        state.withLock { state in
            state.generation += 1
            state.known = [:]
        }
    }

    /// Begins with the first secret, since a store is made without waiting for anything.
    private func listen() async {
        let isFirst = state.withLock { state in
            defer { state.isListening = true }
            return !state.isListening
        }
        guard isFirst else { return }
        // Until it is there, and where it is lost, `longest` counts.
        _ = await listener.observe { [weak self] item in
            switch item {
            case .resync, .notification(Channel.access, _): self?.forget()
            case .notification: break
            }
        } ending: {
        }
    }
}
