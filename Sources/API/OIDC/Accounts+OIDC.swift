import Domain

extension Accounts {
    /// A session for somebody whom the issuer signed in. Known by issuer and subject, which the issuer never gives to another;
    /// the name counts only the first time. Throws `Problem` of kind `forbidden` for who may not come in.
    func signIn(_ person: OIDCPerson, _ settings: OIDCSettings) async throws -> (Principal, Tokens) {
        let groupRole = settings.roles.role(of: person.groups)
        guard !settings.roles.usesGroups || groupRole != nil else {
            throw Problem(.forbidden, "the issuer knows you, but none of your groups there may come in here")
        }
        let found = try await user(person, settings, role: groupRole ?? settings.roles.newUserRole)
        guard !found.isDisabled else { throw Problem(.forbidden, "your user here is disabled") }
        // With its grants.
        let stored = try await store.user(found.id, of: found.organization)
        var user = stored
        user.identity = person.identity
        if let groupRole {
            user.role = groupRole
            if groupRole == .administrator { user.grants = nil }
        }
        if user != stored {
            do {
                _ = try await store.update(user, passwordHash: nil)
            } catch StoreError.duplicate {
                throw Problem(
                    .forbidden,
                    "your groups at the issuer make you \(user.role.rawValue), but you are the last administrator here; another one is needed first"
                )
            }
            await record(
                AuditEntry(
                    id: .make(at: clock.now), organization: user.organization, at: clock.now, actorKind: "user",
                    actorName: user.name, action: "user-changed-by-issuer", path: "/v1/users/\(user.id)", status: 200,
                    address: "", requestID: ""))
        }
        return try await open(
            Principal(
                actor: .user(user.id), organization: user.organization, name: user.name, role: user.role,
                isRestricted: user.grants != nil))
    }

    private func user(_ person: OIDCPerson, _ settings: OIDCSettings, role: Role?) async throws -> User {
        if let known = try await store.user(of: person.identity) { return known }
        guard User.problem(name: person.name) == nil else {
            throw Problem(.forbidden, "the issuer's claim \(settings.userClaim) cannot be the name of a user here")
        }
        if let named = try await store.credentials(ofUserNamed: person.name)?.user {
            // A user of another issuer, which is not asked any more, is nobody's.
            guard named.identity?.issuer != settings.issuer else {
                throw Problem(.forbidden, "the user of your name here is somebody else at the issuer")
            }
            guard settings.linksUsers, person.isNameVerified else {
                throw Problem(
                    .forbidden,
                    settings.linksUsers
                        ? "there is a user of your name here, but the issuer does not say that the e-mail address is verified"
                        : "there is a user of your name here, who does not sign in with the issuer (oidc.link_users)")
            }
            return named
        }
        guard let role, let made = try await make(person.name, role, identity: person.identity),
            made.identity == person.identity
        else {
            throw Problem(.forbidden, "the issuer knows you, but there is no user of your name here")
        }
        return made
    }
}
