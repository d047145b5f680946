/// People, keys, sessions and the audit log. Throws `StoreError`.
package protocol AccessStore: Sendable {
    // MARK: Across organizations: who it is has yet to be found out

    /// The user of this name and the hash of the password, also when disabled.
    func credentials(ofUserNamed name: String) async throws -> Credentials?
    /// The user whom an issuer signs in as this, also when disabled; without the sites and cameras of the grants.
    func user(of identity: OutsideIdentity) async throws -> User?
    /// The key with this hash, unless expired or revoked.
    func principal(keyHash: [UInt8], at now: WallTime) async throws -> Principal?
    /// Who holds this access token, unless it expired, the session ended, or user or key may not come in any more.
    func principal(accessHash: [UInt8], at now: WallTime) async throws -> Principal?
    /// Gives a session new tokens for its refresh token, once. A second use ends the session.
    func rotate(refreshHash: [UInt8], to tokens: SessionTokens, at now: WallTime) async throws -> Rotation

    // MARK: Sessions

    /// Opens a session for a user or key; the principal that is returned names it.
    func openSession(for principal: Principal, tokens: SessionTokens, at now: WallTime) async throws -> Principal
    /// Idempotent.
    func endSession(_ id: Identifier<Session>, of organization: Identifier<Organization>) async throws

    // MARK: Users

    /// By name.
    func users(of organization: Identifier<Organization>) async throws -> [User]
    func user(_ id: Identifier<User>, of organization: Identifier<Organization>) async throws -> User
    /// Throws `duplicate` where the name is taken, `notFound` where a grant names nothing.
    func insert(_ user: User, passwordHash: String) async throws
    /// Stores the user if `revision` is still the stored one, and returns the new revision. A new password, a lesser role
    /// and disabling end all sessions. Throws `conflict` for another revision, and where no administrator would be left.
    func update(_ user: User, passwordHash: String?) async throws -> Int64
    /// Throws `conflict` where another revision than the given one is stored, and where no administrator would be left.
    func delete(
        _ id: Identifier<User>, of organization: Identifier<Organization>, ifRevision revision: Int64?
    ) async throws

    // MARK: Keys

    /// Those that are not revoked, by name.
    func keys(of organization: Identifier<Organization>) async throws -> [APIKey]
    func insert(_ key: APIKey, hash: [UInt8]) async throws
    func revoke(_ id: Identifier<APIKey>, of organization: Identifier<Organization>) async throws
    /// Makes `key` the only one of its name: an older one with another hash is revoked, one with the same is left as it is.
    func put(_ key: APIKey, hash: [UInt8]) async throws

    // MARK: Audit

    func record(_ entry: AuditEntry) async throws
    /// Newest first, older than `after`; at most `limit`.
    func audit(
        of organization: Identifier<Organization>, after: Identifier<AuditEntry>?, limit: Int
    ) async throws -> [AuditEntry]

    // MARK: Idempotency

    /// Remembers that a request with this key is under way. Nil where it is the first, else what is known of the first.
    func begin(_ request: IdempotentRequest) async throws -> IdempotentRequest.Earlier?
    func finish(_ request: IdempotentRequest, answer: IdempotentRequest.Answer) async throws
    /// Forgets a request that came to nothing, so that it can be repeated.
    func abandon(_ request: IdempotentRequest) async throws
}

/// What a sign-in is compared with.
package struct Credentials: Sendable, Hashable {
    package var user: User
    package var passwordHash: String

    package init(user: User, passwordHash: String) {
        self.user = user
        self.passwordHash = passwordHash
    }
}

/// A request that carries an `Idempotency-Key`.
package struct IdempotentRequest: Sendable, Hashable {
    package struct Answer: Sendable, Hashable {
        package var status: Int
        package var contentType: String
        /// The `Location` header, or empty.
        package var location: String
        package var entityTag: String
        package var body: String

        package init(status: Int, contentType: String, location: String, entityTag: String, body: String) {
            self.status = status
            self.contentType = contentType
            self.location = location
            self.entityTag = entityTag
            self.body = body
        }
    }
    package enum Earlier: Sendable, Hashable {
        /// The same key came with another request.
        case different
        case underWay
        case answered(Answer)
    }
    package var organization: Identifier<Organization>
    /// Whose key it is; keys of different actors do not meet.
    package var actor: String
    package var key: String
    /// Hash of method, address and body.
    package var fingerprint: [UInt8]

    package init(organization: Identifier<Organization>, actor: String, key: String, fingerprint: [UInt8]) {
        self.organization = organization
        self.actor = actor
        self.key = key
        self.fingerprint = fingerprint
    }
}
