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
    /// The claim that is a user's name here.
    package var userClaim: String
    /// Role of those who are not there yet; nil: they may not come in.
    package var newUserRole: Role?

    package init(
        issuer: String, clientID: String, clientSecret: String?, redirectURL: String,
        scopes: [String] = ["openid", "email"], userClaim: String = "email", newUserRole: Role? = nil
    ) {
        self.issuer = issuer
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.redirectURL = redirectURL
        self.scopes = scopes
        self.userClaim = userClaim
        self.newUserRole = newUserRole
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
