import Domain
import Foundation
import HTTPTypes
import Logging
import Synchronization

/// Signing in, and finding out who makes a request.
package final class Accounts: Sendable {
    /// Secrets of a session, which are shown to their owner and nowhere kept.
    struct Tokens: Sendable {
        var access: String
        var refresh: String
    }

    static let accessSeconds = 3600.0
    static let refreshSeconds = 30 * 86_400.0
    /// The key that the file `admin-token` of the data folder holds.
    package static let tokenFileKeyName = "admin-token"

    let store: any AccessStore
    let hasher: PasswordHasher
    let clock: any WallClock
    private let logger: Logger
    private let throttle = Mutex(SignInThrottle())

    package init(
        store: any AccessStore, clock: any WallClock, hasher: PasswordHasher = PasswordHasher(), logger: Logger
    ) {
        self.store = store
        self.clock = clock
        self.hasher = hasher
        self.logger = logger
    }

    /// Makes the token of the data folder a key of an administrator, and, where nobody is there yet, the user `admin`. Returns
    /// its password, which is known to nobody else, for showing it once.
    package func begin(adminToken: String, organization: Identifier<Organization>) async throws -> String? {
        try await store.put(
            APIKey(
                id: .make(at: clock.now), organization: organization, name: Self.tokenFileKeyName,
                prefix: String(adminToken.prefix(6)), role: .administrator, createdAt: clock.now),
            hash: Secrets.hash(adminToken))
        guard try await store.users(of: organization).isEmpty else { return nil }
        let password = String(Secrets.make().prefix(20))
        do {
            try await store.insert(
                User(
                    id: .make(at: clock.now), organization: organization, name: "admin", role: .administrator,
                    createdAt: clock.now), passwordHash: try await hasher.hash(password, cost: .random))
        } catch StoreError.duplicate {
            // Another process began at the same moment, and shows its password.
            return nil
        }
        return password
    }

    // MARK: Signing in

    /// Throws `Problem` of kind `unauthorized` or `rateLimited`; the same words and the same time whatever was wrong.
    func signIn(name: String, password: String, address: String) async throws -> (Principal, Tokens) {
        let name = String(name.lowercased().prefix(100))
        let now = clock.now
        let wait = throttle.withLock { throttle in
            let wait = throttle.waitSeconds(account: name, address: address, at: now)
            // Counted before it is known, or guesses that come together would all be looked at.
            if wait == 0 { throttle.failed(account: name, address: address, at: now) }
            return wait
        }
        guard wait == 0 else {
            throw Problem(
                .rateLimited, "too many attempts; wait \(Int(wait.rounded(.up))) s",
                headers: [.retryAfter: "\(Int(wait.rounded(.up)))"])
        }
        let found = try await store.credentials(ofUserNamed: name)
        let isRight = try await hasher.verify(password, found?.passwordHash)
        guard isRight, let user = found?.user, !user.isDisabled else {
            logger.notice("a sign-in was refused", metadata: ["address": "\(address)"])
            // For a name that nobody has, too, so that it takes as long; not the name, which may be a password in the wrong field.
            await record(
                AuditEntry(
                    id: .make(at: now), organization: found?.user.organization ?? Organization.first, at: now,
                    actorKind: "nobody",
                    actorName: found?.user.name ?? "unknown", action: "sign-in", path: "/v1/auth/login", status: 401,
                    address: address,
                    requestID: ""))
            throw Problem(.unauthorized, "the name or the password is wrong")
        }
        throttle.withLock { $0.succeeded(account: name, address: address) }
        return try await open(
            Principal(
                actor: .user(user.id), organization: user.organization, name: user.name, role: user.role,
                isRestricted: user.grants != nil))
    }

    /// A session for who shows an API key; nil where the key is not valid.
    func signIn(key: String, address: String) async throws -> (Principal, Tokens)? {
        let now = clock.now
        let wait = throttle.withLock { $0.waitSeconds(account: "", address: address, at: now) }
        guard wait == 0 else {
            throw Problem(
                .rateLimited, "too many attempts; wait \(Int(wait.rounded(.up))) s",
                headers: [.retryAfter: "\(Int(wait.rounded(.up)))"])
        }
        guard let principal = try await store.principal(keyHash: Secrets.hash(key), at: now) else {
            throttle.withLock { $0.failed(account: "", address: address, at: now) }
            return nil
        }
        return try await open(principal)
    }

    func open(_ principal: Principal) async throws -> (Principal, Tokens) {
        let (tokens, hashes) = makeTokens()
        return (try await store.openSession(for: principal, tokens: hashes, at: clock.now), tokens)
    }

    /// New tokens for a refresh token, which is thereby used up. One that had been used before ends its session.
    func refresh(_ token: String, address: String) async throws -> (Principal, Tokens) {
        let (tokens, hashes) = makeTokens()
        switch try await store.rotate(refreshHash: Secrets.hash(token), to: hashes, at: clock.now) {
        case .rotated(let principal):
            return (principal, tokens)
        case .reused(let principal):
            logger.warning("a refresh token was used twice; its session was ended", metadata: ["address": "\(address)"])
            await record(
                AuditEntry(
                    id: .make(at: clock.now), organization: principal.organization, at: clock.now,
                    actorKind: principal.user == nil ? "key" : "user", actorName: principal.name,
                    action: "refresh-token-reused", path: "/v1/auth/refresh", status: 401, address: address,
                    requestID: ""))
            throw Problem(.unauthorized, "the refresh token had been used before; its session was ended, sign in again")
        case .unknown:
            throw Problem(.unauthorized, "the refresh token is not valid any more; sign in again")
        }
    }

    private func makeTokens() -> (Tokens, SessionTokens) {
        let tokens = Tokens(
            access: Secrets.accessPrefix + Secrets.make(), refresh: Secrets.refreshPrefix + Secrets.make())
        return (
            tokens,
            SessionTokens(
                accessHash: Secrets.hash(tokens.access),
                accessExpiresAt: clock.now.advanced(bySeconds: Self.accessSeconds),
                refreshHash: Secrets.hash(tokens.refresh),
                refreshExpiresAt: clock.now.advanced(bySeconds: Self.refreshSeconds))
        )
    }

    // MARK: Who is it?

    /// Who shows this access token or API key; nil where it is not valid.
    func principal(of secret: some StringProtocol) async throws -> Principal? {
        // Nothing longer was ever given out.
        guard (16...256).contains(secret.utf8.count) else { return nil }
        let hash = Secrets.hash(secret)
        return secret.hasPrefix(Secrets.accessPrefix)
            ? try await store.principal(accessHash: hash, at: clock.now)
            : try await store.principal(keyHash: hash, at: clock.now)
    }

    /// The log is best effort: an answer is not held back because it cannot be written.
    func record(_ entry: AuditEntry) async {
        do {
            try await store.record(entry)
        } catch {
            logger.warning("the audit log could not be written", metadata: ["error": "\(error)"])
        }
    }

    func record(_ request: String, _ path: String, by principal: Principal, status: Int, _ context: VedetteContext)
        async
    {
        await record(
            AuditEntry(
                id: .make(at: clock.now), organization: principal.organization, at: clock.now,
                actorKind: principal.user == nil ? "key" : "user", actorName: principal.name, action: request,
                path: path, status: status, address: context.address, requestID: context.id))
    }
}
