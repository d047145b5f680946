import Domain

/// Who may connect, TLS, proxies and sign-in elsewhere.
package struct NetworkSettings: Sendable {
    package struct TLS: Sendable, Hashable {
        /// Paths of PEM files.
        package var certificate: String
        package var key: String
    }
    package struct Proxy: Sendable, Hashable {
        package var addresses: [AddressRange]
        package var addressHeader: String
        package var userHeader: String?
        package var groupsHeader: String?
        package var groupsSeparator: Character
        package var roles: RoleRules
    }

    /// Nil: everybody.
    package var allowedAddresses: [AddressRange]?
    package var corsOrigins: [String]
    package var tls: TLS?
    package var proxy: Proxy?
    package var oidc: OIDC?

    init(_ checked: CheckedSettings) throws(SettingsError) {
        allowedAddresses = try Self.addresses("allowed_addresses", of: checked, path: "")
        corsOrigins = checked.texts("cors_origins") ?? []
        for origin in corsOrigins where !Self.isOrigin(origin) {
            throw SettingsError(
                "`cors_origins` at \(checked.origin(of: "cors_origins")) has `\(origin)`, but must have origins as browsers send them, as in `https://dash.example.org`: no path, no `/` at the end, lower case"
            )
        }
        tls = try checked.group("tls").flatMap { (group) throws(SettingsError) in try Self.tls(group) }
        proxy = try checked.group("proxy").flatMap { (group) throws(SettingsError) in try Self.proxy(group) }
        oidc = try checked.group("oidc").flatMap { (group) throws(SettingsError) in try Self.oidc(group) }
    }

    private static func tls(_ group: CheckedSettings) throws(SettingsError) -> TLS? {
        switch (group.text("certificate"), group.text("key")) {
        case (let certificate?, let key?): return TLS(certificate: certificate, key: key)
        case (nil, nil): return nil
        default: throw SettingsError("`tls` at \(group.origin) needs both `certificate` and `key`")
        }
    }

    private static func proxy(_ group: CheckedSettings) throws(SettingsError) -> Proxy? {
        let roles = try roles(group, path: "proxy.")
        let userHeader = group.text("user_header")
        let groupsHeader = group.text("groups_header")
        guard let addresses = try addresses("addresses", of: group, path: "proxy.") else {
            if userHeader != nil || groupsHeader != nil || roles != RoleRules() {
                throw SettingsError("`proxy` at \(group.origin) needs `addresses`: whose word is to count?")
            }
            return nil
        }
        for (key, header) in [("user_header", userHeader), ("groups_header", groupsHeader)] {
            if let header, AnalyzerConnection.complaint(header: header, value: "x") != nil {
                throw SettingsError("`proxy.\(key)` at \(group.origin(of: key)) must be the name of a header")
            }
        }
        if userHeader == nil, groupsHeader != nil || roles != RoleRules() {
            throw SettingsError("`proxy` at \(group.origin) has groups or roles, but no `user_header`")
        }
        if roles.usesGroups != (groupsHeader != nil) {
            throw SettingsError(
                "`proxy` at \(group.origin) needs either both or neither of `groups_header` and lists of groups (`administrators`, `operators`, `viewers`)"
            )
        }
        let separator = group.text("groups_separator") ?? ","
        guard separator.count == 1, let character = separator.first else {
            throw SettingsError(
                "`proxy.groups_separator` at \(group.origin(of: "groups_separator")) must be one character")
        }
        return Proxy(
            addresses: addresses, addressHeader: group.text("address_header") ?? "x-forwarded-for",
            userHeader: userHeader, groupsHeader: groupsHeader, groupsSeparator: character, roles: roles)
    }

    static func roles(_ group: CheckedSettings, path: String) throws(SettingsError) -> RoleRules {
        let rules = RoleRules(
            administrators: Set(group.texts("administrators") ?? []), operators: Set(group.texts("operators") ?? []),
            viewers: Set(group.texts("viewers") ?? []),
            newUserRole: group.text("new_users").flatMap(Role.init(rawValue:)))
        if rules.usesGroups, rules.newUserRole != nil {
            throw SettingsError(
                "`\(path)new_users` at \(group.origin(of: "new_users")) and lists of groups exclude each other: with the lists, the groups decide"
            )
        }
        return rules
    }

    private static func addresses(
        _ key: String, of group: CheckedSettings, path: String
    ) throws(SettingsError) -> [AddressRange]? {
        guard let texts = group.texts(key) else { return nil }
        guard !texts.isEmpty else {
            throw SettingsError(
                "`\(path)\(key)` at \(group.origin(of: key)) is empty; leave it out, or name an address")
        }
        return try texts.map { (text) throws(SettingsError) in
            guard let range = AddressRange(text) else {
                throw SettingsError(
                    "`\(path)\(key)` at \(group.origin(of: key)) has `\(text)`, but must have addresses (`192.0.2.7`, `::1`) or ranges whose address ends in zeros (`10.0.0.0/8`, `fd00::/8`)"
                )
            }
            return range
        }
    }

    private static func isOrigin(_ text: String) -> Bool {
        guard let scheme = ["https://", "http://"].first(where: { text.hasPrefix($0) }) else { return false }
        let host = text.dropFirst(scheme.count)
        return !host.isEmpty
            && host.utf8.allSatisfy {
                (97...122).contains($0) || (48...57).contains($0) || ".-:[]".utf8.contains($0)
            }
    }
}
