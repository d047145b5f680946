import Domain
import HTTPTypes
import Testing

@testable import API

struct PeerRulesTests {
    private func proxies(
        _ header: ProxyRules.AddressHeader = .xForwardedFor, user: String? = nil, groups: String? = nil
    ) throws -> ProxyRules {
        ProxyRules(
            addresses: [try #require(AddressRange("10.0.0.0/8")), try #require(AddressRange("::1"))],
            addressHeader: header, userHeader: user, groupsHeader: groups,
            roles: RoleRules(operators: groups == nil ? [] : ["ops"]))
    }

    @Test(arguments: [
        (["192.0.2.1"], "192.0.2.1"),
        // What stands further to the left, its client wrote itself.
        (["198.51.100.9, 192.0.2.1"], "192.0.2.1"),
        (["198.51.100.9, 192.0.2.1, 10.0.0.2"], "192.0.2.1"),
        (["198.51.100.9", "192.0.2.1 , 10.0.0.2"], "192.0.2.1"),
        (["192.0.2.1:4711"], "192.0.2.1"), (["[2001:db8::7]:4711"], "2001:db8::7"), (["2001:db8::7"], "2001:db8::7"),
        (["::ffff:192.0.2.1"], "::ffff:192.0.2.1"),
        // All of them proxies: the one that is furthest away.
        (["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        // Nonsense ends what can be believed.
        (["192.0.2.1, unknown"], "10.0.0.1"), (["192.0.2.1, , 10.0.0.2"], "10.0.0.2"), (["0.0.0.0/0"], "10.0.0.1"),
        ([], "10.0.0.1"), ([""], "10.0.0.1"),
    ])
    func `the client is the last that no trusted proxy has`(lines: [String], client: String) throws {
        var headers = HTTPFields()
        for line in lines { headers.append(HTTPField(name: .forwardedFor, value: line)) }
        #expect(try proxies().client(peer: "10.0.0.1", headers: headers) == client)
        // Only the header that is chosen counts.
        #expect(try proxies(.forwarded).client(peer: "10.0.0.1", headers: headers) == "10.0.0.1")
        #expect(try proxies(.none).client(peer: "10.0.0.1", headers: headers) == "10.0.0.1")
    }

    @Test(arguments: [
        ("for=192.0.2.1", "192.0.2.1", nil), ("For=\"[2001:db8::7]:4711\";proto=https", "2001:db8::7", "https"),
        ("for=198.51.100.9, for=192.0.2.1;by=10.0.0.2;proto=https, for=10.0.0.2;proto=http", "192.0.2.1", "http"),
        ("for=192.0.2.1;for=192.0.2.2", "10.0.0.1", nil), ("for=unknown", "10.0.0.1", nil),
        ("for=_hidden", "10.0.0.1", nil),
        ("for=\"192.0.2.1, for=192.0.2.9\"", "10.0.0.1", nil), ("nonsense", "10.0.0.1", nil),
        ("for=\"a\\\",for=192.0.2.1", "10.0.0.1", nil), ("for=192.0.2.1;x=\"a,b;c\"", "192.0.2.1", nil),
    ])
    func `Forwarded is read as RFC 7239 says`(line: String, client: String, scheme: String?) throws {
        let headers: HTTPFields = [.forwarded: line]
        #expect(try proxies(.forwarded).client(peer: "10.0.0.1", headers: headers) == client)
        #expect(try proxies(.forwarded).scheme(headers) == scheme)
        #expect(try proxies().client(peer: "10.0.0.1", headers: headers) == "10.0.0.1")
    }

    @Test func `who a proxy names, and only clearly`() throws {
        let user = try #require(HTTPField.Name("X-Forwarded-User"))
        let groups = try #require(HTTPField.Name("X-Groups"))
        let rules = try proxies(user: "x-forwarded-user", groups: "X-Groups")
        var headers: HTTPFields = [user: "Anna", groups: "all, ops ,,x"]
        #expect(rules.vouched(headers)?.name == "Anna")
        #expect(rules.vouched(headers)?.groups == ["all", "ops", "x"])
        #expect(try proxies().vouched(headers) == nil)
        headers.append(HTTPField(name: user, value: "root"))
        #expect(rules.vouched(headers) == nil, "its client sent one too")
        headers[user] = ""
        #expect(rules.vouched(headers) == nil)
    }
}
