import Domain
import Foundation
import Hummingbird
import TestSupport
import Testing

@testable import API

/// Which user somebody becomes whom the issuer signed in.
@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct OIDCSignInTests {
    private static func settings(_ roles: RoleRules = RoleRules(), links: Bool = false) -> OIDCSettings {
        OIDCSettings(
            issuer: "https://sso.example.org", clientID: "vedette", clientSecret: nil, redirectURL: "", roles: roles,
            linksUsers: links)
    }

    private static func person(
        _ name: String, _ subject: String = "1", issuer: String = "https://sso.example.org", verified: Bool = true,
        groups: [String] = []
    ) -> OIDCPerson {
        OIDCPerson(
            identity: OutsideIdentity(issuer: issuer, subject: subject), name: name, isNameVerified: verified,
            groups: groups)
    }

    private static func refused(_ api: TestAPI, _ person: OIDCPerson, _ settings: OIDCSettings) async {
        let problem = await #expect(throws: Problem.self, "\(person)") {
            try await api.accounts.signIn(person, settings)
        }
        #expect(problem?.kind == .forbidden, "\(person)")
    }

    @Test func `a user who is here already is taken over only where that is allowed, and only once`() async throws {
        try await TestAPI.with { api async throws in
            let new = Self.settings(RoleRules(newUserRole: .viewer))
            let links = Self.settings(links: true)
            await Self.refused(api, Self.person("own-operator"), new)
            await Self.refused(api, Self.person("own-operator", verified: false), links)
            await Self.refused(api, Self.person("nobody"), links)
            await Self.refused(api, Self.person("no such name!"), new)
            let (operatorHere, tokens) = try await api.accounts.signIn(Self.person("own-operator"), links)
            #expect(operatorHere.user == api.own.users[.operator]?.id && operatorHere.role == .operator)
            #expect(try await api.send(.get, "/v1/me", key: tokens.access).status == .ok)
            // Another subject of that name is somebody else; the first one may be called anything.
            await Self.refused(api, Self.person("own-operator", "2"), links)
            #expect(try await api.accounts.signIn(Self.person("x y z"), new).0.user == operatorHere.user)
            // A user of an issuer that is not asked any more may be linked anew.
            var moved = links
            moved.issuer = "https://new.example.org"
            let there = Self.person("own-operator", "9", issuer: moved.issuer)
            #expect(try await api.accounts.signIn(there, moved).0.user == operatorHere.user)

            let admin = api.own.keys[.administrator]
            let path = "/v1/users/\(try #require(operatorHere.user))"
            let shown = try TestAPI.object(try await api.send(.get, path, key: admin))
            #expect(
                shown["identity"] as? [String: String] == ["issuer": "https://new.example.org", "subject": "9"])
            // What was read may be sent back; null forgets it.
            let same = #"{"identity": {"issuer": "https://new.example.org", "subject": "10"}}"#
            let kept = try TestAPI.object(try await api.send(.patch, path, key: admin, same))
            #expect((kept["identity"] as? [String: String])?["subject"] == "9")
            let gone = try TestAPI.object(try await api.send(.patch, path, key: admin, #"{"identity": null}"#))
            #expect(gone["identity"] is NSNull)
            await Self.refused(api, there, new)
        }
    }

    @Test func `a disabled user and one of another organization are no way in for somebody else`() async throws {
        try await TestAPI.with { api async throws in
            let links = Self.settings(links: true)
            let id = try #require(api.own.users[.viewer]?.id)
            _ = try await api.send(
                .patch, "/v1/users/\(id)", key: api.own.keys[.administrator], #"{"disabled": true}"#)
            await Self.refused(api, Self.person("own-viewer"), links)
            #expect(try await api.store.access.user(id, of: api.own.organization).identity == nil)
            let (theirs, _) = try await api.accounts.signIn(Self.person("other-viewer", "2"), links)
            #expect(theirs.organization == api.other.organization)
        }
    }

    @Test func `groups set the role each time, keep what a user is limited to, and never take the last administrator`()
        async throws
    {
        try await TestAPI.with { api async throws in
            let groups = Self.settings(
                RoleRules(administrators: ["root"], operators: ["ops"], viewers: ["all"]), links: true)
            await Self.refused(api, Self.person("new@example.org"), groups)
            let (made, _) = try await api.accounts.signIn(Self.person("new@example.org", groups: ["all"]), groups)
            #expect(made.role == .viewer && made.organization == Organization.first)
            var user = try await api.store.access.user(try #require(made.user), of: made.organization)
            user.grants = CameraGrants(cameras: [api.own.camera.id])
            _ = try await api.store.access.update(user, passwordHash: nil)
            let (raised, tokens) = try await api.accounts.signIn(
                Self.person("new@example.org", groups: ["ops", "all"]), groups)
            #expect(raised.role == .operator && raised.isRestricted)
            #expect(
                try await api.store.access.user(user.id, of: user.organization).grants
                    == CameraGrants(cameras: [api.own.camera.id]))
            _ = try await api.accounts.signIn(Self.person("new@example.org", groups: ["all"]), groups)
            #expect(try await api.send(.get, "/v1/me", key: tokens.access).status == .unauthorized)
            // The only administrator is made less by nobody's groups.
            await Self.refused(api, Self.person("own-administrator", "2", groups: ["all"]), groups)
            let (great, _) = try await api.accounts.signIn(
                Self.person("new@example.org", groups: ["root"]), groups)
            #expect(great.role == .administrator && !great.isRestricted)
            let (less, _) = try await api.accounts.signIn(
                Self.person("own-administrator", "2", groups: ["all"]), groups)
            #expect(less.role == .viewer)
        }
    }
}
