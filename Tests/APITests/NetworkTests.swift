import Domain
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import TestSupport
import Testing

@testable import API

/// Over real sockets: the peer is 127.0.0.1.
@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct NetworkTests {
    private static func ranges(_ texts: String...) -> [AddressRange] { texts.compactMap { AddressRange($0) } }
    private static let user = HTTPField.Name("X-Forwarded-User") ?? .accept
    private static let groups = HTTPField.Name("X-Forwarded-Groups") ?? .accept

    private static func proxy(_ addresses: String, roles: RoleRules = RoleRules(), groups: Bool = false) -> NetworkRules
    {
        NetworkRules(
            peers: PeerRules(
                proxies: ProxyRules(
                    addresses: ranges(addresses), userHeader: "X-Forwarded-User",
                    groupsHeader: groups ? "X-Forwarded-Groups" : nil, roles: roles)))
    }

    private static func me(_ api: TestAPI, _ headers: HTTPFields) async throws -> [String: Any] {
        try TestAPI.object(try await api.send(.get, "/v1/me", headers: headers))
    }

    @Test func `who is not on the list is refused everywhere, key or not, and who is comes in`() async throws {
        let refused = NetworkRules(peers: PeerRules(allowed: Self.ranges("10.0.0.0/8", "::1")))
        try await TestAPI.with(network: refused, over: .live) { api async throws in
            for path in ["/v1/me", "/healthz", "/", "/docs", "/nowhere", "/v1/auth/methods"] {
                // Nobody is believed about the address.
                let response = try await api.send(
                    .get, path, key: api.own.keys[.administrator], headers: [.forwardedFor: "10.0.0.1"])
                #expect(response.status == .forbidden, "\(path)")
                #expect(
                    response.headers[.contentType] == "application/problem+json" && response.headers[.requestID] != nil)
            }
            #expect(try await api.send(.post, "/v1/auth/login", "{}").status == .forbidden)
        }
        let welcome = NetworkRules(peers: PeerRules(allowed: Self.ranges("10.0.0.0/8", "127.0.0.0/8")))
        try await TestAPI.with(network: welcome, over: .live) { api async throws in
            #expect(try await api.send(.get, "/v1/me", key: api.own.keys[.viewer]).status == .ok)
        }
    }

    @Test func `behind a trusted proxy the client's address is the one that is listed, throttled and kept`()
        async throws
    {
        var network = Self.proxy("127.0.0.1")
        network.peers.allowed = Self.ranges("192.0.2.0/24")
        try await TestAPI.with(requestsPerSecond: 2, network: network, over: .live) { api async throws in
            api.clock.stop()
            let (near, far): (HTTPFields, HTTPFields) = (
                [.forwardedFor: "192.0.2.7"], [.forwardedFor: "192.0.2.7, 198.51.100.1"]
            )
            let key = api.own.keys[.viewer]
            #expect(try await api.send(.get, "/v1/me", key: key, headers: near).status == .ok)
            #expect(try await api.send(.get, "/v1/me", key: key, headers: far).status == .forbidden)
            #expect(try await api.send(.get, "/v1/me", key: key).status == .forbidden, "the proxy itself")
            // One that guesses is slowed down, and its neighbour behind the same proxy is not.
            var statuses: [HTTPResponse.Status] = []
            for _ in 0..<25 { statuses.append(try await api.send(.get, "/v1/me", headers: near).status) }
            #expect(statuses.first == .unauthorized && statuses.last == .tooManyRequests)
            let neighbour: HTTPFields = [.forwardedFor: "192.0.2.8"]
            #expect(try await api.send(.get, "/v1/me", headers: neighbour).status == .unauthorized)
            for attempt in 0..<21 {
                _ = try await api.send(
                    .post, "/v1/auth/login", headers: near,
                    #"{"user": "own-none-\#(attempt)", "password": "a wrong password"}"#)
            }
            let own = #"{"user": "own-viewer", "password": "\#(TestAPI.password)"}"#
            #expect(try await api.send(.post, "/v1/auth/login", headers: near, own).status == .tooManyRequests)
            #expect(try await api.send(.post, "/v1/auth/login", headers: neighbour, own).status == .ok)
            let log = try TestAPI.object(
                try await api.send(.get, "/v1/audit-log", key: api.own.keys[.administrator], headers: neighbour))
            let entries = try #require(log["items"] as? [[String: Any]])
            // All of one moment, so in no order; the guesses are in it as of nobody known.
            let known = entries.filter { $0["actor_name"] as? String == "own-viewer" }
            #expect(known.map { $0["address"] as? String } == ["192.0.2.8"])
            #expect(
                entries.count > 1 && entries.allSatisfy { ($0["address"] as? String)?.hasPrefix("192.0.2.") == true })
        }
    }

    @Test func `cookies are for TLS alone where the proxy, or we, were spoken to with it`() async throws {
        let own = #"{"user": "own-viewer", "password": "\#(TestAPI.password)", "cookie": true}"#
        let https: HTTPFields = [.forwardedProtocol: "https"]
        @Sendable func isSecure(_ api: TestAPI, _ headers: HTTPFields) async throws -> Bool {
            let response = try await api.send(.post, "/v1/auth/login", headers: headers, own)
            #expect(response.status == .noContent)
            return response.headers[values: .setCookie].allSatisfy { $0.contains("; Secure") }
        }
        try await TestAPI.with(network: Self.proxy("127.0.0.1"), over: .live) { api async throws in
            #expect(try await isSecure(api, https))
            #expect(try await !isSecure(api, [:]))
        }
        try await TestAPI.with(network: Self.proxy("10.0.0.0/8"), over: .live) { api async throws in
            #expect(try await !isSecure(api, https))
        }
        try await TestAPI.with(network: NetworkRules(peers: PeerRules(isTLS: true))) { api async throws in
            #expect(try await isSecure(api, [:]))
        }
    }

    @Test func `a proxy that is not trusted names nobody`() async throws {
        for network in [Self.proxy("10.0.0.0/8", roles: RoleRules(newUserRole: .administrator)), NetworkRules()] {
            try await TestAPI.with(network: network, over: .live) { api async throws in
                for name in ["own-administrator", "somebody-new"] {
                    let response = try await api.send(.get, "/v1/me", headers: [Self.user: name])
                    #expect(response.status == .unauthorized)
                }
                let users = try await api.store.access.users(of: api.own.organization)
                #expect(users.count == 3)
            }
        }
    }

    @Test func `who a trusted proxy names is signed in, as what they are here, and pages of others may not use it`()
        async throws
    {
        try await TestAPI.with(network: Self.proxy("127.0.0.1"), over: .live) { api async throws in
            let named: HTTPFields = [Self.user: "Own-Operator"]
            let me = try await Self.me(api, named)
            #expect(me["name"] as? String == "own-operator" && me["role"] as? String == "operator")
            #expect(try await api.send(.get, "/v1/users", headers: named).status == .forbidden)
            let path = "/v1/events/\(api.own.event.id)"
            let star = #"{"starred": true}"#
            #expect(try await api.send(.patch, path, headers: named, star).status == .ok)
            var foreign = named
            foreign[.secFetchSite] = "cross-site"
            #expect(try await api.send(.patch, path, headers: foreign, star).status == .forbidden)
            // A key that comes along counts, and what is no token does not.
            let key = try await Self.me(
                api, [Self.user: "own-operator", .authorization: "Bearer \(api.own.keys[.viewer] ?? "")"])
            #expect(key["role"] as? String == "viewer" && key["kind"] as? String == "key")
            let basic = try await Self.me(api, [Self.user: "own-operator", .authorization: "Basic eDp5"])
            #expect(basic["name"] as? String == "own-operator")
            let wrong = try await api.send(
                .get, "/v1/me", headers: [Self.user: "own-operator", .authorization: "Bearer nonsense-nonsense-1"])
            #expect(wrong.status == .unauthorized)
            for nobody in ["somebody-new", "", "no such name!"] {
                #expect(
                    try await api.send(.get, "/v1/me", headers: [Self.user: nobody]).status == .unauthorized,
                    "\(nobody)")
            }
            // Who is disabled stays out; who is unknown may sign in otherwise.
            let id = try #require(api.own.users[.operator]?.id)
            let off = try await api.send(
                .patch, "/v1/users/\(id)", key: api.own.keys[.administrator], #"{"disabled": true}"#)
            #expect(off.status == .ok)
            #expect(try await api.send(.get, "/v1/me", headers: named).status == .unauthorized)
            let cookies = try await api.send(
                .post, "/v1/auth/login", headers: named,
                #"{"user": "own-viewer", "password": "\#(TestAPI.password)", "cookie": true}"#)
            var both = named
            both[.cookie] = cookies.headers[values: .setCookie].map { String($0.prefix { $0 != ";" }) }.joined(
                separator: "; ")
            #expect(try await Self.me(api, both)["name"] as? String == "own-viewer")
        }
    }

    @Test func `groups of the proxy decide each time, and new people get a user without a password`() async throws {
        let roles = RoleRules(administrators: ["root"], operators: ["ops"], viewers: ["all"])
        try await TestAPI.with(network: Self.proxy("127.0.0.1", roles: roles, groups: true), over: .live) {
            api async throws in
            for (groups, role) in [("all,ops", "operator"), ("all", "viewer"), ("x,root", "administrator")] {
                let me = try await Self.me(api, [Self.user: "new@example.org", Self.groups: groups])
                #expect(me["role"] as? String == role && me["name"] as? String == "new@example.org", "\(groups)")
            }
            for groups in ["x", "", "Root"] {
                let response = try await api.send(
                    .get, "/v1/me", headers: [Self.user: "new@example.org", Self.groups: groups])
                #expect(response.status == .unauthorized, "\(groups)")
            }
            #expect(
                try await api.send(.get, "/v1/me", headers: [Self.user: "own-administrator"]).status == .unauthorized)
            let users = try await api.store.access.users(of: api.own.organization)
            #expect(users.filter { $0.name == "new@example.org" }.map(\.role) == [.operator], "made once")
            for password in ["", "new@example.org"] {
                let login = try await api.send(
                    .post, "/v1/auth/login", #"{"user": "new@example.org", "password": "\#(password)"}"#)
                #expect(login.status == .unauthorized)
            }
        }
    }

    @Test func `only listed sites' pages may ask, and without cookies`() async throws {
        let origin = "https://dash.example.org"
        try await TestAPI.with(network: NetworkRules(corsOrigins: [origin])) { api async throws in
            let ask: HTTPFields = [.origin: origin, .accessControlRequestMethod: "PATCH"]
            let path = "/v1/events/\(api.own.event.id)"
            let preflight = try await api.send(.options, path, headers: ask)
            #expect(preflight.status == .noContent && preflight.body.readableBytes == 0)
            #expect(preflight.headers[.accessControlAllowOrigin] == origin)
            #expect(preflight.headers[.accessControlAllowMethods]?.contains("PATCH") == true)
            #expect(preflight.headers[.accessControlAllowHeaders]?.contains("Authorization") == true)
            #expect(preflight.headers[.accessControlAllowCredentials] == nil)
            for (path, key) in [(path, api.own.keys[.viewer]), (path, nil), ("/nowhere", nil)] {
                let response = try await api.send(.get, path, key: key, headers: [.origin: origin])
                #expect(response.headers[.accessControlAllowOrigin] == origin, "\(path)")
                #expect(response.headers[.vary]?.contains("Origin") == true)
                let other = try await api.send(
                    .get, path, key: key, headers: [.origin: "https://dash.example.org.evil.example"])
                #expect(!other.headers.contains { $0.name.canonicalName.hasPrefix("access-control-") })
                #expect(other.headers[.vary]?.contains("Origin") == true)
            }
            var evil = ask
            evil[.origin] = "null"
            #expect(try await api.send(.options, path, headers: evil).status == .methodNotAllowed)
        }
        var closed = NetworkRules(corsOrigins: [origin])
        closed.peers.allowed = Self.ranges("10.0.0.0/8")
        try await TestAPI.with(network: closed, over: .live) { api async throws in
            let response = try await api.send(
                .options, "/v1/me", headers: [.origin: origin, .accessControlRequestMethod: "GET"])
            #expect(response.status == .forbidden)
        }
    }
}
