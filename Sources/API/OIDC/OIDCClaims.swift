import Domain

/// The checks of OpenID Connect Core §3.1.3.7 on what a token says, whose signature was checked before.
struct OIDCClaims {
    let claims: [String: JSONValue]
    let settings: OIDCSettings

    /// How far clocks may be apart.
    private static let leewaySeconds = 60.0

    /// Throws `Refusal` with words that hold no secret.
    func person(nonce: String, at now: WallTime) throws(OIDCProvider.Refusal) -> OIDCPerson {
        try check(nonce: nonce, at: now.secondsSinceEpoch)
        guard case .text(let subject)? = claims["sub"], (1...255).contains(subject.utf8.count) else {
            throw .init(description: "the token names nobody")
        }
        guard case .text(let name)? = claims[settings.userClaim] else {
            throw .init(
                description: "the token has no claim \(settings.userClaim); ask for its scope in oidc.scopes")
        }
        let isMail = settings.userClaim == "email"
        if isMail, claims["email_verified"] == .flag(false) {
            throw .init(description: "the issuer has not verified the e-mail address")
        }
        return OIDCPerson(
            identity: OutsideIdentity(issuer: settings.issuer, subject: subject), name: name.lowercased(),
            isNameVerified: !isMail || claims["email_verified"] == .flag(true), groups: groups)
    }

    private func check(nonce: String, at now: Double) throws(OIDCProvider.Refusal) {
        guard claims["iss"] == .text(settings.issuer) else {
            throw .init(description: "the token is of another issuer")
        }
        let audience: [JSONValue] = if case .list(let many)? = claims["aud"] { many } else { [claims["aud"] ?? .null] }
        guard audience.contains(.text(settings.clientID)) else {
            throw .init(description: "the token is for another client")
        }
        // With several, the one that it was made for is named.
        if audience.count > 1 || claims["azp"] != nil, claims["azp"] != .text(settings.clientID) {
            throw .init(description: "the token was made for another client")
        }
        guard case .number(let end)? = claims["exp"], end + Self.leewaySeconds > now else {
            throw .init(description: "the token has expired, or the clocks are apart")
        }
        guard case .number? = claims["iat"] else { throw .init(description: "the token does not say when it was made") }
        for name in ["nbf", "iat"] {
            guard let claim = claims[name] else { continue }
            guard case .number(let begin) = claim, begin - Self.leewaySeconds <= now else {
                throw .init(description: "the token counts from later on, or the clocks are apart")
            }
        }
        guard claims["nonce"] == .text(nonce) else { throw .init(description: "the token is not of this sign-in") }
    }

    /// A list of texts, or one text. Whole names come first: some issuers use URLs, which have dots.
    private var groups: [String] {
        var found = claims[settings.rolesClaim]
        if found == nil {
            var value = JSONValue.object(claims)
            for part in settings.rolesClaim.split(separator: ".") {
                guard case .object(let members) = value, let member = members[String(part)] else { return [] }
                value = member
            }
            found = value
        }
        switch found {
        case .text(let one): return [one]
        case .list(let many):
            return many.compactMap { if case .text(let text) = $0 { text } else { nil } }
        default: return []
        }
    }
}
