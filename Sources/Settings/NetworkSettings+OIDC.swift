import Domain

extension NetworkSettings {
    package struct OIDC: Sendable, Hashable {
        package var issuer: String
        package var clientID: String
        package var clientSecret: String?
        package var redirectURL: String
        package var scopes: [String]
        package var userClaim: String
        package var linksUsers: Bool
        package var rolesClaim: String
        package var label: String
        /// PEM file.
        package var certificateFile: String?
        package var roles: RoleRules
    }

    static func oidc(_ group: CheckedSettings) throws(SettingsError) -> OIDC? {
        let roles = try roles(group, path: "oidc.")
        guard let issuer = group.text("issuer") else {
            if group.text("client_id") != nil { throw SettingsError("`oidc` at \(group.origin) needs `issuer`") }
            return nil
        }
        let loopback = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"]
        guard issuer.hasPrefix("https://") || loopback.contains(where: { issuer.hasPrefix($0) }) else {
            throw SettingsError(
                "`oidc.issuer` is `\(issuer)` at \(group.origin(of: "issuer")), but must begin with `https://`; without TLS anybody on the way could be the issuer"
            )
        }
        guard let clientID = group.text("client_id"), let redirectURL = group.text("redirect_url") else {
            throw SettingsError("`oidc` at \(group.origin) needs `client_id` and `redirect_url`")
        }
        guard redirectURL.hasPrefix("https://") || redirectURL.hasPrefix("http://"),
            redirectURL.hasSuffix("/v1/auth/oidc/callback")
        else {
            throw SettingsError(
                "`oidc.redirect_url` is `\(redirectURL)` at \(group.origin(of: "redirect_url")), but must be this page's address with `/v1/auth/oidc/callback`"
            )
        }
        let scopes = group.texts("scopes") ?? []
        guard scopes.contains("openid") else {
            throw SettingsError("`oidc.scopes` at \(group.origin(of: "scopes")) must hold `openid`")
        }
        let linksUsers = group.flag("link_users") ?? false
        guard linksUsers || roles.usesGroups || roles.newUserRole != nil else {
            throw SettingsError(
                "`oidc` at \(group.origin) lets nobody in: set `new_users`, or a list of groups (`viewers`, …), or `link_users`"
            )
        }
        return OIDC(
            issuer: issuer, clientID: clientID, clientSecret: group.text("client_secret"), redirectURL: redirectURL,
            scopes: scopes, userClaim: group.text("user_claim") ?? "email", linksUsers: linksUsers,
            rolesClaim: group.text("roles_claim") ?? "groups", label: group.text("label") ?? "",
            certificateFile: group.text("ca_file"), roles: roles)
    }
}
