/// A program's way in. Its secret is shown once and kept as a hash.
package struct APIKey: Sendable, Hashable {
    package var id: Identifier<APIKey>
    package var organization: Identifier<Organization>
    /// Unique among the keys that are not revoked.
    package var name: String
    /// The beginning of the secret, by which its owner knows it.
    package var prefix: String
    package var role: Role
    /// Areas of the API (`events`, `cameras`) that it is limited to; nil for all that its role may.
    package var scopes: Set<String>?
    package var createdAt: WallTime
    package var expiresAt: WallTime?
    /// Exact to a minute.
    package var lastUsedAt: WallTime?

    package init(
        id: Identifier<APIKey>, organization: Identifier<Organization>, name: String, prefix: String, role: Role,
        scopes: Set<String>? = nil, createdAt: WallTime, expiresAt: WallTime? = nil, lastUsedAt: WallTime? = nil
    ) {
        self.id = id
        self.organization = organization
        self.name = name
        self.prefix = prefix
        self.role = role
        self.scopes = scopes
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
    }
}
