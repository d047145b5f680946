/// Which role somebody gets here who was signed in elsewhere, by an issuer or a trusted proxy.
package struct RoleRules: Sendable, Hashable {
    /// Groups there whose members are administrators here; as the other side writes them.
    package var administrators: Set<String>
    package var operators: Set<String>
    package var viewers: Set<String>
    /// Without groups: role of those who have no user here yet; nil: they may not come in.
    package var newUserRole: Role?

    package init(
        administrators: Set<String> = [], operators: Set<String> = [], viewers: Set<String> = [],
        newUserRole: Role? = nil
    ) {
        self.administrators = administrators
        self.operators = operators
        self.viewers = viewers
        self.newUserRole = newUserRole
    }

    /// Whether the groups decide, for everybody and each time; otherwise the users' roles here do.
    package var usesGroups: Bool { !(administrators.isEmpty && operators.isEmpty && viewers.isEmpty) }

    /// The greatest of a member of these groups; nil where none is named.
    package func role(of groups: some Sequence<String>) -> Role? {
        groups.compactMap { group in
            administrators.contains(group)
                ? Role.administrator : operators.contains(group) ? .operator : viewers.contains(group) ? .viewer : nil
        }.max()
    }
}

/// Who somebody is at an issuer: the pair that OpenID Connect promises to be unique and never given to another.
package struct OutsideIdentity: Sendable, Hashable {
    package var issuer: String
    package var subject: String

    package init(issuer: String, subject: String) {
        self.issuer = issuer
        self.subject = subject
    }
}
