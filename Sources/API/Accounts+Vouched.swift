import Domain

/// What a proxy that is trusted says of who asks.
struct Vouched: Sendable, Hashable {
    var name: String
    var groups: [String]
    var roles: RoleRules
}

/// What showed who asks, for asking again later in a long answer.
enum Credential: Sendable {
    /// A token or key.
    case secret(String)
    case vouched(Vouched)
}

extension Accounts {
    /// Who shows this, now; nil where it is not valid any more.
    func principal(of credential: Credential) async throws -> Principal? {
        switch credential {
        case .secret(let secret): try await principal(of: secret)
        case .vouched(let vouched): try await principal(of: vouched)
        }
    }

    /// The user whom a proxy names. Nil where there is none and none is to be made, for one that is disabled, and where groups
    /// decide and none of them counts. The groups' role holds for the request; the one that is kept stays.
    func principal(of vouched: Vouched) async throws -> Principal? {
        let name = vouched.name.lowercased()
        let groupRole = vouched.roles.role(of: vouched.groups)
        guard User.problem(name: name) == nil, !vouched.roles.usesGroups || groupRole != nil else { return nil }
        var found = try await store.credentials(ofUserNamed: name)?.user
        if found == nil, let role = groupRole ?? vouched.roles.newUserRole {
            found = try await make(name, role, identity: nil)
        }
        guard let user = found, !user.isDisabled else { return nil }
        let role = groupRole ?? user.role
        return Principal(
            actor: .user(user.id), organization: user.organization, name: user.name, role: role,
            isRestricted: user.grants != nil && role != .administrator)
    }

    /// A user without a password, of the first organization; one of that name that came to be meanwhile is returned instead.
    func make(_ name: String, _ role: Role, identity: OutsideIdentity?) async throws -> User? {
        let now = clock.now
        var user = User(id: .make(at: now), organization: Organization.first, name: name, role: role, createdAt: now)
        user.identity = identity
        do {
            // Of a secret that nobody knows.
            try await store.insert(user, passwordHash: try await hasher.hash(Secrets.make(), cost: .random))
        } catch StoreError.duplicate {
            return try await store.credentials(ofUserNamed: name)?.user
        }
        await record(
            AuditEntry(
                id: .make(at: now), organization: user.organization, at: now, actorKind: "user", actorName: name,
                action: identity == nil ? "user-made-for-proxy" : "user-made-for-issuer", path: "/v1/users",
                status: 201,
                address: "", requestID: ""))
        return user
    }
}
