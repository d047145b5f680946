/// A stretch of being signed in, from one proof of a password or key until it is ended.
package enum Session {}

/// Who makes a request.
package struct Principal: Sendable, Hashable {
    package enum Actor: Sendable, Hashable {
        case user(Identifier<User>)
        case key(Identifier<APIKey>)
    }
    package var actor: Actor
    package var organization: Identifier<Organization>
    /// The user's or key's name.
    package var name: String
    package var role: Role
    /// Whether grants limit the user to some sites and cameras.
    package var isRestricted: Bool
    /// As `APIKey.scopes`.
    package var scopes: Set<String>?
    /// Nil where a key came with the request itself.
    package var session: Identifier<Session>?

    package init(
        actor: Actor, organization: Identifier<Organization>, name: String, role: Role, isRestricted: Bool = false,
        scopes: Set<String>? = nil, session: Identifier<Session>? = nil
    ) {
        self.actor = actor
        self.organization = organization
        self.name = name
        self.role = role
        self.isRestricted = isRestricted
        self.scopes = scopes
        self.session = session
    }

    package var user: Identifier<User>? {
        if case .user(let id) = actor { id } else { nil }
    }
}

/// Hashes of a session's newest tokens, and when they end.
package struct SessionTokens: Sendable, Hashable {
    package var accessHash: [UInt8]
    package var accessExpiresAt: WallTime
    package var refreshHash: [UInt8]
    package var refreshExpiresAt: WallTime

    package init(
        accessHash: [UInt8], accessExpiresAt: WallTime, refreshHash: [UInt8], refreshExpiresAt: WallTime
    ) {
        self.accessHash = accessHash
        self.accessExpiresAt = accessExpiresAt
        self.refreshHash = refreshHash
        self.refreshExpiresAt = refreshExpiresAt
    }
}

/// What became of a refresh token that was shown.
package enum Rotation: Sendable, Hashable {
    case rotated(Principal)
    /// It had been used before: someone has a copy, so the whole session is ended.
    case reused(Principal)
    case unknown
}
