import Domain

/// Whom we let tell us who somebody is (OpenID Connect Core 1.0).
package struct OIDCSettings: Sendable {
    /// As in its tokens, to the letter; `/.well-known/openid-configuration` behind it says the rest.
    package var issuer: String
    package var clientID: String
    /// Nil for a client without one, which PKCE protects alone.
    package var clientSecret: String?
    /// Our `/v1/auth/oidc/callback` as browsers and the issuer know it.
    package var redirectURL: String
    package var scopes: [String]
    /// The claim that names a user here, when they come for the first time.
    package var userClaim: String
    /// The claim with the groups that `roles` is about; `a.b` is the member `b` of the claim `a`.
    package var rolesClaim: String
    package var roles: RoleRules
    /// Whether a user who is here already, and came in by no issuer yet, is who comes first with that name.
    package var linksUsers: Bool
    /// Of the button on the sign-in page.
    package var label: String

    package init(
        issuer: String, clientID: String, clientSecret: String?, redirectURL: String,
        scopes: [String] = ["openid", "email"], userClaim: String = "email", rolesClaim: String = "groups",
        roles: RoleRules = RoleRules(), linksUsers: Bool = false, label: String = "Sign in with single sign-on"
    ) {
        self.issuer = issuer
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.redirectURL = redirectURL
        self.scopes = scopes
        self.userClaim = userClaim
        self.rolesClaim = rolesClaim
        self.roles = roles
        self.linksUsers = linksUsers
        self.label = label
    }
}

/// One request to the issuer: GET, or POST where there is a form.
package struct OIDCRequest: Sendable {
    package var url: String
    package var headers: [(name: String, value: String)]
    /// URL-encoded.
    package var form: String?
}

/// Sends it; throws where there was no answer.
package typealias OIDCFetch = @Sendable (OIDCRequest) async throws -> (status: Int, body: [UInt8])

/// What an issuer's token says of somebody, checked.
struct OIDCPerson: Sendable, Hashable {
    var identity: OutsideIdentity
    /// Lower case.
    var name: String
    /// False for an e-mail address that the issuer does not say to have verified.
    var isNameVerified: Bool
    var groups: [String]
}
