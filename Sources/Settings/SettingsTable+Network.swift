import Domain

/// Who may connect, TLS, proxies and sign-in elsewhere.
extension SettingsTable {
    static let network: [SettingRow] = [
        SettingRow(
            "allowed_addresses", .textList,
            "Addresses and ranges (`10.0.0.0/8`, `fd00::/8`) that may connect to page and API; all others get 403. Left out: all may. "
                + "Behind a trusted proxy its client's address counts."),
        SettingRow(
            "cors_origins", .textList,
            "Other sites whose pages may call the API with a key or token (`https://dash.example.org`); cookies are never taken from them."
        ),
        SettingRow("tls", .group(tls), "HTTPS without a proxy. TLS 1.2 and 1.3."),
        SettingRow("proxy", .group(proxy), "A reverse proxy whose word counts. See docs/guide/sign-in.md."),
        SettingRow("oidc", .group(oidc), "Sign-in with an OpenID Connect issuer. See docs/guide/sign-in.md."),
    ]

    private static let tls: [SettingRow] = [
        SettingRow(
            "certificate", .text,
            "PEM file with the certificate, and after it those that signed it. It and the key are read again when they change."
        ),
        SettingRow("key", .text, "PEM file with its key, without a password."),
    ]

    private static let proxy: [SettingRow] =
        [
            SettingRow(
                "addresses", .textList,
                "Addresses and ranges of the proxies. Nothing of what follows is believed of any other peer."),
            SettingRow(
                "address_header", .choice(["x-forwarded-for", "forwarded", "none"]), default: "x-forwarded-for",
                "Which header says whose request it is. The proxy must write it itself, and pass on none of its client's."
            ),
            SettingRow(
                "user_header", .text,
                "Header with the name of the user whom the proxy signed in (`X-Forwarded-User`), who is then signed in here. The "
                    + "proxy must remove it from what its clients send. Left out: none is believed."),
            SettingRow("groups_header", .text, "Header with that user's groups (`X-Forwarded-Groups`)."),
            SettingRow("groups_separator", .text, default: "\",\"", "One character between the groups."),
        ] + roles(of: "the proxy's groups")

    /// Rows of `RoleRules`.
    static func roles(of whose: String) -> [SettingRow] {
        [
            SettingRow(
                "administrators", .textList,
                "Those of \(whose) that are administrators here. With any of these three lists the groups decide who may come in and as "
                    + "what, each time."),
            SettingRow("operators", .textList, "Those of \(whose) that are operators here."),
            SettingRow("viewers", .textList, "Those of \(whose) that are viewers here."),
            SettingRow(
                "new_users", .choice(Role.allCases.map(\.rawValue)),
                "Without the lists: role of who has no user here yet. Left out: they may not come in."),
        ]
    }
}
