import Domain
import Settings
import Testing

struct NetworkSettingsTests {
    private func load(_ yaml: String, _ environment: [String: String] = [:]) throws -> NetworkSettings {
        try VedetteSettings.load(yaml: yaml, fileName: "site.yaml", environment: environment).network
    }

    @Test func `by itself everything is off`() throws {
        let network = try load("site: {name: home}")
        #expect(network.allowedAddresses == nil && network.corsOrigins.isEmpty)
        #expect(network.tls == nil && network.proxy == nil && network.oidc == nil)
    }

    @Test func `addresses, TLS, proxy and issuer are read, from the environment too`() throws {
        let network = try load(
            """
            allowed_addresses: [10.0.0.0/8, "::1"]
            cors_origins: ["https://dash.example.org:8443"]
            tls: {certificate: a.pem, key: b.pem}
            proxy:
              addresses: [127.0.0.1]
              address_header: forwarded
              user_header: X-Forwarded-User
              groups_header: X-Groups
              groups_separator: "|"
              operators: [ops]
            oidc:
              issuer: https://sso.example.org
              client_id: vedette
              redirect_url: https://v.example.org/v1/auth/oidc/callback
              new_users: viewer
            """, ["VEDETTE_OIDC_CLIENT_SECRET": "s3cret", "VEDETTE_PROXY_VIEWERS": "all,staff"])
        #expect(network.allowedAddresses?.count == 2 && network.corsOrigins == ["https://dash.example.org:8443"])
        #expect(network.tls?.certificate == "a.pem" && network.tls?.key == "b.pem")
        let proxy = try #require(network.proxy)
        #expect(proxy.addresses == [AddressRange("127.0.0.1")] && proxy.addressHeader == "forwarded")
        #expect(
            proxy.userHeader == "X-Forwarded-User" && proxy.groupsHeader == "X-Groups" && proxy.groupsSeparator == "|")
        #expect(proxy.roles == RoleRules(operators: ["ops"], viewers: ["all", "staff"]))
        let oidc = try #require(network.oidc)
        #expect(oidc.clientSecret == "s3cret" && oidc.scopes == ["openid", "email"] && oidc.userClaim == "email")
        #expect(!oidc.linksUsers && oidc.roles.newUserRole == .viewer && oidc.rolesClaim == "groups")
        let plain = try #require(try load("proxy: {addresses: [\"::1\"]}").proxy)
        #expect(plain.addressHeader == "x-forwarded-for" && plain.groupsSeparator == "," && plain.userHeader == nil)
    }

    @Test(arguments: [
        ("allowed_addresses: []", "empty"), ("allowed_addresses: [10.0.0.1/8]", "`10.0.0.1/8`"),
        ("allowed_addresses: [gate]", "`gate`"), ("cors_origins: [\"*\"]", "`*`"),
        ("cors_origins: [\"null\"]", "`null`"),
        ("cors_origins: [\"https://a.example/\"]", "no path"), ("cors_origins: [\"https://A.example\"]", "lower case"),
        ("tls: {certificate: a.pem}", "both"), ("proxy: {user_header: X-User}", "`addresses`"),
        ("proxy: {addresses: [\"::1\"], new_users: viewer}", "no `user_header`"),
        ("proxy: {addresses: [\"::1\"], user_header: \"X User\"}", "`proxy.user_header`"),
        ("proxy: {addresses: [\"::1\"], user_header: X-User, viewers: [a]}", "`groups_header`"),
        ("proxy: {addresses: [\"::1\"], user_header: X-User, groups_header: X-G}", "`viewers`"),
        ("proxy: {addresses: [\"::1\"], groups_separator: ab}", "one character"),
        ("proxy: {addresses: [\"::1\"], user_header: U, groups_header: G, viewers: [a], new_users: viewer}", "exclude"),
        ("proxy: {addresses: [\"::1\"], address_header: x-real-ip}", "one of x-forwarded-for, forwarded, none"),
        ("oidc: {client_id: v}", "`issuer`"), ("oidc: {issuer: \"http://sso.example.org\"}", "https://"),
        ("oidc: {issuer: \"https://s\"}", "`client_id`"),
        ("oidc: {issuer: \"https://s\", client_id: v, redirect_url: \"https://v/\", new_users: viewer}", "callback"),
        (
            "oidc: {issuer: \"https://s\", client_id: v, redirect_url: \"https://v/v1/auth/oidc/callback\"}",
            "lets nobody in"
        ),
        (
            "oidc: {issuer: \"https://s\", client_id: v, redirect_url: \"https://v/v1/auth/oidc/callback\", link_users: true, scopes: [email]}",
            "`openid`"
        ),
    ])
    func `what contradicts itself or lets too much in is refused with what to do`(yaml: String, words: String) {
        let error = #expect(throws: SettingsError.self) { try load(yaml) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(words), "\(error.map { "\($0)" } ?? "accepted")")
    }
}
