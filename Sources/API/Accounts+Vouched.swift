import Domain

/// Who somebody is by the word of another: an OpenID Connect issuer, or a proxy that is trusted.
extension Accounts {
    /// A session for the user of this name. Throws `Problem` of kind `unauthorized` where there is none and none is to be made.
    func signIn(vouchedFor name: String, newUserRole: Role?, address: String) async throws -> (Principal, Tokens) {
        if let principal = try await principal(vouchedFor: name) { return try await open(principal) }
        guard let role = newUserRole, User.problem(name: name) == nil,
            try await store.credentials(ofUserNamed: name) == nil
        else {
            throw Problem(.unauthorized, "the issuer knows you, but there is no user of your name here who may come in")
        }
        let now = clock.now
        let user = User(
            id: .make(at: now), organization: Organization.first, name: name, role: role, createdAt: now)
        do {
            // A password that nobody knows.
            try await store.insert(user, passwordHash: try await hasher.hash(Secrets.make(), cost: .random))
        } catch StoreError.duplicate {
            // Made at the same moment by another sign-in of theirs.
        }
        guard let principal = try await principal(vouchedFor: name) else {
            throw Problem(.unauthorized, "there is no user of your name here who may come in")
        }
        return try await open(principal)
    }

    /// Nil where there is no such user, or one that is disabled.
    func principal(vouchedFor name: String) async throws -> Principal? {
        let name = name.lowercased()
        guard User.problem(name: name) == nil, let user = try await store.credentials(ofUserNamed: name)?.user,
            !user.isDisabled
        else { return nil }
        return Principal(
            actor: .user(user.id), organization: user.organization, name: user.name, role: user.role,
            isRestricted: user.grants != nil)
    }

    /// Who shows this, now.
    func principal(of credential: Credential) async throws -> Principal? {
        switch credential {
        case .secret(let secret): try await principal(of: secret)
        case .vouched(let name): try await principal(vouchedFor: name)
        }
    }
}

/// What showed who asks, for asking again later in a long answer.
enum Credential: Sendable {
    /// A token or key.
    case secret(String)
    /// The name that a trusted proxy gave.
    case vouched(String)
}
