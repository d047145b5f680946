import Domain

/// Sign-in with an issuer.
extension SettingsTable {
    static let oidc: [SettingRow] =
        [
            SettingRow(
                "issuer", .text,
                "Address of the issuer, to the letter as it calls itself (`https://sso.example.org/realms/main`). Left out: sign-in with "
                    + "an issuer is off."),
            SettingRow("client_id", .text, "What the issuer calls this installation."),
            SettingRow("client_secret", .text, secret: true, "Left out for a public client; PKCE is always used."),
            SettingRow(
                "redirect_url", .text,
                "Where the issuer sends browsers back to: this page's address with `/v1/auth/oidc/callback`. The same must be "
                    + "registered there."),
            SettingRow("scopes", .textList, default: "[openid, email]", "What is asked for; `openid` must be one."),
            SettingRow(
                "user_claim", .text, default: "email",
                "Claim of the ID token that names a user here when they come for the first time; after that the issuer's subject "
                    + "counts, whatever the name."),
            SettingRow(
                "link_users", .flag, default: "false",
                "Whether who comes first with the name of a user who is here already becomes that user. Only where people cannot "
                    + "choose that claim themselves; of `email`, only one that the issuer says to have verified."),
            SettingRow(
                "roles_claim", .text, default: "groups",
                "Claim of the ID token with the groups; `realm_access.roles` is a member within a claim."),
            SettingRow(
                "label", .text, default: "Sign in with single sign-on", "Of the button on the sign-in page."),
            SettingRow(
                "ca_file", .text, "PEM file of certificates that are trusted for the issuer, in place of the system's."),
        ] + roles(of: "the issuer's groups")
}
