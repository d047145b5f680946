import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct SignInTests {
    private func signIn(
        _ api: TestAPI, _ user: String, _ password: String = TestAPI.password, cookie: Bool = false
    ) async throws -> TestResponse {
        try await api.send(
            .post, "/v1/auth/login",
            #"{"user": "\#(user)", "password": "\#(password)"\#(cookie ? #", "cookie": true"# : "")}"#)
    }

    @Test func `name and password give tokens that work until they end`() async throws {
        try await TestAPI.with { api async throws in
            let answer = try await signIn(api, "OWN-operator")
            #expect(answer.status == .ok && answer.headers[.cacheControl] == "no-store")
            let tokens = try TestAPI.object(answer)
            let access = try #require(tokens["access_token"] as? String)
            let me = try TestAPI.object(try await api.send(.get, "/v1/me", key: access))
            #expect(me["name"] as? String == "own-operator" && me["role"] as? String == "operator")
            api.clock.advance(3601)
            #expect(try await api.send(.get, "/v1/me", key: access).status == .unauthorized)
            let refresh = try #require(tokens["refresh_token"] as? String)
            // A refresh token is no access token.
            #expect(try await api.send(.get, "/v1/me", key: refresh).status == .unauthorized)
            let again = try TestAPI.object(
                try await api.send(.post, "/v1/auth/refresh", #"{"refresh_token": "\#(refresh)"}"#))
            let newer = try #require(again["access_token"] as? String)
            #expect(try await api.send(.get, "/v1/me", key: newer).status == .ok)
        }
    }

    @Test func `a refresh token that is used twice ends its whole session, and no other`() async throws {
        try await TestAPI.with { api async throws in
            let bystander = try TestAPI.object(try await signIn(api, "own-viewer"))["access_token"] as? String
            let first = try TestAPI.object(try await signIn(api, "own-viewer"))
            let stolen = try #require(first["refresh_token"] as? String)
            let body = #"{"refresh_token": "\#(stolen)"}"#
            let thief = try TestAPI.object(try await api.send(.post, "/v1/auth/refresh", body))
            #expect(try await api.send(.post, "/v1/auth/refresh", body).status == .unauthorized)
            #expect(try await api.send(.get, "/v1/me", key: thief["access_token"] as? String).status == .unauthorized)
            let next = #"{"refresh_token": "\#(try #require(thief["refresh_token"] as? String))"}"#
            #expect(try await api.send(.post, "/v1/auth/refresh", next).status == .unauthorized)
            #expect(try await api.send(.get, "/v1/me", key: bystander).status == .ok)
            let log = try await api.send(.get, "/v1/audit-log", key: api.own.keys[.administrator])
            #expect(String(buffer: log.body).contains("refresh-token-reused"))
        }
    }

    @Test func `the same refresh token shown at the same moment is good once`() async throws {
        try await TestAPI.with { api async throws in
            let tokens = try TestAPI.object(try await signIn(api, "own-viewer"))
            let body = #"{"refresh_token": "\#(try #require(tokens["refresh_token"] as? String))"}"#
            let answers = try await withThrowingTaskGroup(of: HTTPResponse.Status.self) { group in
                for _ in 0..<8 { group.addTask { try await api.send(.post, "/v1/auth/refresh", body).status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.filter { $0 == .ok }.count == 1)
        }
    }

    @Test func `cookies are for the page alone, and change nothing for another site's`() async throws {
        try await TestAPI.with { api async throws in
            let answer = try await signIn(api, "own-operator", cookie: true)
            #expect(answer.status == .noContent)
            let cookies = answer.headers[values: .setCookie]
            #expect(cookies.count == 2)
            for cookie in cookies { #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax")) }
            #expect(cookies.contains { $0.hasPrefix("vedette_refresh=") && $0.contains("Path=/v1/auth;") })
            let header = cookies.map { String($0.prefix { $0 != ";" }) }.joined(separator: "; ")
            let path = "/v1/events/\(api.own.event.id)"
            let body = #"{"reviewed": true}"#
            for (name, value, status) in [
                ("Sec-Fetch-Site", "cross-site", HTTPResponse.Status.forbidden),
                ("Sec-Fetch-Site", "same-site", .forbidden), ("Sec-Fetch-Site", "same-origin", .ok),
                ("Origin", "https://elsewhere.example", .forbidden), ("Origin", "null", .forbidden),
            ] {
                var headers: HTTPFields = [.cookie: header]
                headers[name == "Origin" ? .origin : .secFetchSite] = value
                let response = try await api.send(.patch, path, headers: headers, body)
                #expect(response.status == status, "\(name): \(value)")
                headers[.cookie] = nil
                let login = try await api.send(
                    .post, "/v1/auth/login", headers: headers, #"{"user": "a", "password": "b"}"#)
                #expect((login.status == .forbidden) == (status == .forbidden), "sign-in with \(name): \(value)")
            }
            let renewed = try await api.send(.post, "/v1/auth/refresh", headers: [.cookie: header])
            #expect(renewed.status == .noContent && renewed.headers[values: .setCookie].count == 2)
            let fresh = renewed.headers[values: .setCookie].map { String($0.prefix { $0 != ";" }) }
                .joined(separator: "; ")
            let out = try await api.send(.post, "/v1/auth/logout", headers: [.cookie: fresh])
            #expect(out.status == .noContent)
            #expect(try await api.send(.get, "/v1/me", headers: [.cookie: fresh]).status == .unauthorized)
        }
    }

    @Test func `guessing is slowed down for an account, with the same words for a name that nobody has`() async throws {
        try await TestAPI.with { api async throws in
            api.clock.stop()
            var details: Set<String> = []
            for name in ["own-viewer", "nobody-of-this-name"] {
                for _ in 0..<5 {
                    let refused = try await signIn(api, name, "a wrong password")
                    #expect(refused.status == .unauthorized)
                    details.insert(try TestAPI.object(refused)["detail"] as? String ?? "")
                }
                let throttled = try await signIn(api, name)
                #expect(throttled.status == .tooManyRequests && throttled.headers[.retryAfter] != nil, "\(name)")
            }
            #expect(details.count == 1)
            // Another account of the same address may still come in, and the first one after a moment.
            #expect(try await signIn(api, "own-operator").status == .ok)
            api.clock.advance(31)
            #expect(try await signIn(api, "own-viewer").status == .ok)
        }
    }

    @Test func `a new password, a lesser role and disabling end a user's sessions`() async throws {
        try await TestAPI.with { api async throws in
            let admin = api.own.keys[.administrator]
            for (name, change) in [
                ("operator", #"{"password": "another long password"}"#), ("operator", #"{"role": "viewer"}"#),
                ("viewer", #"{"disabled": true}"#),
            ] {
                let id = try #require(api.own.users[Role(rawValue: name) ?? .viewer]?.id)
                var answer = try await signIn(api, "own-\(name)")
                if answer.status != .ok { answer = try await signIn(api, "own-\(name)", "another long password") }
                let token = try TestAPI.object(answer)["access_token"] as? String
                #expect(try await api.send(.get, "/v1/me", key: token).status == .ok, "\(change)")
                #expect(try await api.send(.patch, "/v1/users/\(id)", key: admin, change).status == .ok, "\(change)")
                #expect(try await api.send(.get, "/v1/me", key: token).status == .unauthorized, "\(change)")
            }
            #expect(try await signIn(api, "own-viewer").status == .unauthorized)
        }
    }

    @Test func `one's own password is changed with the old one, and other sessions end`() async throws {
        try await TestAPI.with { api async throws in
            let elsewhere = try TestAPI.object(try await signIn(api, "own-viewer"))["access_token"] as? String
            let token = try TestAPI.object(try await signIn(api, "own-viewer"))["access_token"] as? String
            func change(_ old: String) -> String {
                #"{"current_password": "\#(old)", "new_password": "brand new password"}"#
            }
            #expect(try await api.send(.post, "/v1/me/password", key: token, change("wrong")).status == .unauthorized)
            let changed = try await api.send(.post, "/v1/me/password", key: token, change(TestAPI.password))
            #expect(changed.status == .ok)
            let newer = try TestAPI.object(changed)["access_token"] as? String
            #expect(try await api.send(.get, "/v1/me", key: newer).status == .ok)
            #expect(try await api.send(.get, "/v1/me", key: elsewhere).status == .unauthorized)
            #expect(try await signIn(api, "own-viewer", "brand new password").status == .ok)
        }
    }

    @Test func `the last administrator can be neither removed nor made less`() async throws {
        try await TestAPI.with { api async throws in
            let id = try #require(api.own.users[.administrator]?.id)
            let admin = api.own.keys[.administrator]
            #expect(try await api.send(.delete, "/v1/users/\(id)", key: admin).status == .conflict)
            for change in [#"{"role": "viewer"}"#, #"{"disabled": true}"#] {
                #expect(
                    try await api.send(.patch, "/v1/users/\(id)", key: admin, change).status == .conflict, "\(change)")
            }
        }
    }

    @Test func `a key is shown once, limited by role, scope and time, and revoked at once`() async throws {
        try await TestAPI.with { api async throws in
            let admin = api.own.keys[.administrator]
            let soon = api.clock.now.advanced(bySeconds: 60).rfc3339
            let made = try await api.send(
                .post, "/v1/api-keys", key: admin,
                #"{"name": "door", "role": "operator", "scopes": ["events"], "expires_at": "\#(soon)"}"#)
            #expect(made.status == .created && made.headers[.cacheControl] == "no-store")
            let object = try TestAPI.object(made)
            let secret = try #require(object["key"] as? String)
            #expect(secret.hasPrefix(object["prefix"] as? String ?? "-"))
            let list = String(buffer: try await api.send(.get, "/v1/api-keys", key: admin).body)
            #expect(list.contains("door") && !list.contains(secret))
            #expect(try await api.send(.get, "/v1/events", key: secret).status == .ok)
            #expect(try await api.send(.get, "/v1/me", key: secret).status == .ok)
            #expect(try await api.send(.get, "/v1/cameras", key: secret).status == .forbidden)
            #expect(try await api.send(.get, "/v1/users", key: secret).status == .forbidden)
            api.clock.advance(61)
            #expect(try await api.send(.get, "/v1/events", key: secret).status == .unauthorized)
            let viewer = api.own.keys[.viewer]
            #expect(try await api.send(.get, "/v1/events", key: viewer).status == .ok)
            let id = try #require(api.own.keyIDs[.viewer])
            #expect(try await api.send(.delete, "/v1/api-keys/\(id)", key: admin).status == .noContent)
            #expect(try await api.send(.get, "/v1/events", key: viewer).status == .unauthorized)
        }
    }

    @Test func `users are made, changed with care and removed, and no hash comes back`() async throws {
        try await TestAPI.with { api async throws in
            let admin = api.own.keys[.administrator]
            let body = #"{"name": "Zoe@example.org", "password": "correct horse battery", "role": "viewer"}"#
            let made = try await api.send(.post, "/v1/users", key: admin, body)
            #expect(made.status == .created)
            #expect(!String(buffer: made.body).contains("scrypt"))
            let path = try #require(made.headers[.location])
            #expect(try await api.send(.post, "/v1/users", key: admin, body).status == .conflict)
            var stale: HTTPFields = [.ifMatch: "\"9\""]
            let patch = #"{"role": "operator"}"#
            #expect(try await api.send(.patch, path, key: admin, headers: stale, patch).status == .preconditionFailed)
            stale[.ifMatch] = made.headers[.eTag]
            #expect(try await api.send(.patch, path, key: admin, headers: stale, patch).status == .ok)
            for bad in [
                #"{"role": "owner"}"#, #"{"password": "short"}"#, #"{"name": "a b"}"#, #"{"grants": 1}"#,
                #"{"colour": 1}"#,
                #"{"role": "administrator", "grants": {"site_ids": []}}"#, #"{"grants": {"site_ids": ["x"]}}"#,
            ] {
                #expect(try await api.send(.patch, path, key: admin, bad).status == .unprocessableContent, "\(bad)")
            }
            #expect(try await api.send(.delete, path, key: admin).status == .noContent)
            #expect(try await api.send(.get, path, key: admin).status == .notFound)
        }
    }

    @Test func `the first start makes an administrator once, and its password works`() async throws {
        try await TestAPI.with { api async throws in
            let none = try await api.accounts.begin(
                adminToken: Secrets.make(), organization: api.own.organization)
            #expect(none == nil, "there are users already")
            let third = Identifier<Organization>.make(at: api.clock.now)
            try await api.pool.query("INSERT INTO organizations (id, name) VALUES ($1, 'third')", [.uuid(third.uuid)])
            let token = Secrets.make()
            let password = try #require(try await api.accounts.begin(adminToken: token, organization: third))
            #expect(try await api.accounts.begin(adminToken: token, organization: third) == nil)
            #expect(try await signIn(api, "admin", password).status == .ok)
            #expect(try await api.send(.get, "/v1/me", key: token).status == .ok)
            // Another token in the file takes the place of the first.
            let next = Secrets.make()
            _ = try await api.accounts.begin(adminToken: next, organization: third)
            #expect(try await api.send(.get, "/v1/me", key: token).status == .unauthorized)
            #expect(try await api.send(.get, "/v1/me", key: next).status == .ok)
        }
    }

    @Test func `the audit log says who changed what, and only its own organization's`() async throws {
        try await TestAPI.with { api async throws in
            _ = try await api.send(
                .patch, "/v1/events/\(api.own.event.id)", key: api.own.keys[.operator], #"{"starred": true}"#)
            _ = try await api.send(.delete, "/v1/events/\(api.own.event.id)", key: api.own.keys[.viewer])
            _ = try await signIn(api, "own-viewer", "a wrong password")
            _ = try await signIn(api, "perhaps a password", "a wrong password")
            let page = try TestAPI.object(try await api.send(.get, "/v1/audit-log", key: api.own.keys[.administrator]))
            let entries = try #require(page["items"] as? [[String: Any]])
            #expect(
                entries.map { "\($0["actor_name"] ?? "") \($0["action"] ?? "") \($0["status"] ?? "")" } == [
                    "unknown sign-in 401", "own-viewer sign-in 401", "viewer key DELETE /v1/events/{id} 403",
                    "operator key PATCH /v1/events/{id} 200",
                ])
            let theirs = try TestAPI.object(
                try await api.send(.get, "/v1/audit-log", key: api.other.keys[.administrator]))
            #expect((theirs["items"] as? [Any])?.isEmpty == true)
        }
    }

    @Test func `a repeated Idempotency-Key gives the first answer again, and makes nothing twice`() async throws {
        try await TestAPI.with { api async throws in
            let admin = api.own.keys[.administrator]
            let headers: HTTPFields = [.idempotencyKey: "k1"]
            let body = #"{"name": "shed", "url": "rtsp://127.0.0.1/shed"}"#
            let first = try await api.send(.post, "/v1/cameras", key: admin, headers: headers, body)
            let second = try await api.send(.post, "/v1/cameras", key: admin, headers: headers, body)
            #expect(first.status == .created && second.status == .created)
            #expect(first.body == second.body && first.headers[.location] == second.headers[.location])
            #expect(second.headers[.eTag] == first.headers[.eTag])
            let different = try await api.send(
                .post, "/v1/cameras", key: admin, headers: headers, #"{"name": "other", "url": "rtsp://127.0.0.1/o"}"#)
            #expect(different.status == .unprocessableContent)
            // What failed may be tried again, and another tenant's same key is another key.
            let bad: HTTPFields = [.idempotencyKey: "k2"]
            for _ in 0..<2 {
                #expect(
                    try await api.send(.post, "/v1/cameras", key: admin, headers: bad, "{}").status
                        == .unprocessableContent)
            }
            let theirs = try await api.send(
                .post, "/v1/cameras", key: api.other.keys[.administrator], headers: headers, body)
            #expect(theirs.status == .unprocessableContent || theirs.status == .created)
            #expect(theirs.headers[.location] != first.headers[.location])
        }
    }

    @Test func `too many requests wait, each key for itself`() async throws {
        try await TestAPI.with(requestsPerSecond: 2) { api async throws in
            api.clock.stop()
            var statuses: [HTTPResponse.Status] = []
            for _ in 0..<11 { statuses.append(try await api.send(.get, "/v1/me", key: api.own.keys[.viewer]).status) }
            #expect(statuses.prefix(10).allSatisfy { $0 == .ok })
            #expect(statuses.last == .tooManyRequests)
            #expect(try await api.send(.get, "/v1/me", key: api.own.keys[.operator]).status == .ok)
            api.clock.advance(1)
            #expect(try await api.send(.get, "/v1/me", key: api.own.keys[.viewer]).status == .ok)
            statuses = []
            for _ in 0..<25 { statuses.append(try await api.send(.get, "/v1/me", key: "nonsense-nonsense-1").status) }
            #expect(statuses.first == .unauthorized && statuses.last == .tooManyRequests)
        }
    }

    @Test func `passwords are kept as scrypt with their parameters`() async throws {
        let hash = try await TestAPI.hasher.hash("a long enough password")
        #expect(hash.hasPrefix("$scrypt$ln=4,r=8,p=1$"))
        #expect(try await TestAPI.hasher.hash("a long enough password") != hash, "the salt is new each time")
        // Made with other parameters than those in use now.
        let other = PasswordHasher(cost: .init(log2Rounds: 5, blockSize: 8, parallelism: 2))
        #expect(try await other.verify("a long enough password", hash))
        #expect(try await !other.verify("a long enough passwore", hash))
        #expect(try await !other.verify("anything", nil))
        #expect(try await !other.verify("anything", "$scrypt$broken"))
    }

    @Test func `scrypt is the one of RFC 7914`() async throws {
        // §12, third vector, cut to 32 bytes: N = 16384, r = 8, p = 1.
        let vector = Data([
            0x70, 0x23, 0xbd, 0xcb, 0x3a, 0xfd, 0x73, 0x48, 0x46, 0x1c, 0x06, 0xcd, 0x81, 0xfd, 0x38, 0xeb, 0xfd, 0xa8,
            0xfb, 0xba, 0x90, 0x4f, 0x8e, 0x3e, 0xa9, 0xb5, 0x43, 0xf6, 0x54, 0x5d, 0xa1, 0xf2,
        ])
        let text =
            "$scrypt$ln=14,r=8,p=1$\(Data("SodiumChloride".utf8).base64EncodedString().replacing("=", with: ""))$"
            + vector.base64EncodedString().replacing("=", with: "")
        #expect(try await TestAPI.hasher.verify("pleaseletmein", text))
    }
}
