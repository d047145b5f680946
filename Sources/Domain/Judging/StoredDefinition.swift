/// A definition with its newest version.
package struct StoredDefinition: Sendable, Hashable {
    /// For which cameras it counts.
    package enum Scope: Sendable, Hashable {
        /// All of the organization's.
        case organization
        case site(Identifier<Site>)
        case camera(Identifier<Camera>)
        /// None: only where it is named.
        case named
    }
    package var id: Identifier<Definition>
    package var organization: Identifier<Organization>
    package var name: String
    package var scope: Scope
    package var createdAt: WallTime
    package var newest: StoredVersion

    package init(
        id: Identifier<Definition>, organization: Identifier<Organization>, name: String, scope: Scope,
        createdAt: WallTime, newest: StoredVersion
    ) {
        self.id = id
        self.organization = organization
        self.name = name
        self.scope = scope
        self.createdAt = createdAt
        self.newest = newest
    }
}

/// One version as it was written. Nothing in it changes.
package struct StoredVersion: Sendable, Hashable {
    package var id: Identifier<DefinitionVersion>
    package var definition: Identifier<Definition>
    /// 1, 2, 3 …
    package var version: Int
    package var parts: DefinitionParts
    /// Nil for the settings file.
    package var author: String?
    package var createdAt: WallTime

    package init(
        id: Identifier<DefinitionVersion>, definition: Identifier<Definition>, version: Int, parts: DefinitionParts,
        author: String?, createdAt: WallTime
    ) {
        self.id = id
        self.definition = definition
        self.version = version
        self.parts = parts
        self.author = author
        self.createdAt = createdAt
    }
}
