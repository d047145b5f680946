import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import TestSupport
import Testing

@testable import API

/// Every call of the document, so that a new one cannot be forgotten.
@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct RouteWalkTests {
    private struct Call: Sendable, CustomStringConvertible {
        var method: HTTPRequest.Method
        var path: String
        /// Nil for a call that is open to everybody.
        var role: Role?
        var hasBody: Bool
        var description: String { "\(method.rawValue) \(path)" }
    }

    private static func calls() throws -> [Call] {
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.bytes)) as? [String: Any])
        var calls: [Call] = []
        for (path, item) in try #require(document["paths"] as? [String: [String: Any]]) {
            for (method, operation) in item where method != "parameters" {
                let operation = try #require(operation as? [String: Any])
                let isPublic = (operation["security"] as? [Any])?.isEmpty ?? false
                let role = (operation["x-required-role"] as? String).flatMap(Role.init)
                #expect(isPublic == (role == nil), "\(method) \(path): either open or with x-required-role")
                calls.append(
                    Call(
                        method: try #require(.init(method.uppercased())), path: path, role: role,
                        hasBody: operation["requestBody"] != nil))
            }
        }
        return calls.sorted { $0.description < $1.description }
    }

    /// The path with a tenant's ids; nil where a parameter is not known, which the caller must report.
    private static func fill(_ call: Call, _ tenant: TestAPI.Tenant) -> String? {
        var path = call.path
        if path.contains("{id}") {
            let id: String? =
                switch path.split(separator: "/")[1] {
                case "cameras": tenant.camera.id.description
                case "events": tenant.event.id.description
                case "users": tenant.users[.viewer]?.id.description
                case "api-keys": tenant.keyIDs[.viewer]?.description
                case "sites": tenant.site.description
                case "reanalyses": tenant.reanalysis.description
                case "jobs": tenant.job.description
                case "analyzers": tenant.analyzer.description
                case "policies": tenant.policy.description
                case "definitions": tenant.definition.description
                case "exports": tenant.export.description
                default: nil
                }
            guard let id else { return nil }
            path = path.replacing("{id}", with: id)
        }
        path = path.replacing("{n}", with: "1").replacing("{version}", with: "1")
        return path.contains("{") ? nil : path
    }

    @Test func `the roles that the document names are the ones that hold`() throws {
        for call in try Self.calls() {
            guard let role = call.role else { continue }
            #expect(AccessRules.role(for: call.method, call.path) == role, "\(call)")
        }
        let documented = Set(try Self.calls().map(\.description))
        for listed in AccessRules.listed.keys {
            #expect(documented.contains(listed), "\(listed) is listed and does not exist")
        }
    }

    @Test func `each role gets 403 exactly where it is too small, and nobody gets 401 everywhere but where it is open`()
        async throws
    {
        try await TestAPI.with { api async throws in
            for call in try Self.calls() where call.path != "/v1/events/stream" {
                // An id that nobody has: nothing is changed by walking.
                let path = call.path.replacing("{id}", with: Identifier<Event>.make(at: api.clock.now).description)
                    .replacing("{n}", with: "1").replacing("{version}", with: "1")
                let body = call.hasBody ? "{\"no such field\": 1}" : nil
                if call.role == nil {
                    let open = try await api.send(call.method, path, nil)
                    #expect(open.status != .forbidden, "\(call)")
                    continue
                }
                for headers: HTTPFields in [
                    [:], [.authorization: "Bearer nonsense-nonsense-nonsense"], [.cookie: "vedette_session=vda_x"],
                ] {
                    let nobody = try await api.send(call.method, path, headers: headers, body)
                    #expect(nobody.status == .unauthorized, "\(call) without sign-in")
                }
                for role in Role.allCases {
                    let response = try await api.send(call.method, path, key: api.own.keys[role], body)
                    let isForbidden = response.status == .forbidden
                    if call.path == "/v1/me/password" {
                        #expect(isForbidden, "a key has no password")
                    } else {
                        #expect(isForbidden == (role < call.role ?? .viewer), "\(call) as \(role): \(response.status)")
                    }
                    #expect(response.status.code < 500, "\(call) as \(role): \(response.status)")
                    #expect(response.headers[.requestID] != nil, "\(call)")
                }
            }
        }
    }

    @Test func `with another organization's ids nothing comes back and nothing changes`() async throws {
        try await TestAPI.with { api async throws in
            let before = try await api.digest(of: api.other.organization)
            let key = try #require(api.own.keys[.administrator])
            let secrets = [
                api.other.organization.description, api.other.camera.id.description, api.other.event.id.description,
                api.other.camera.name, "other-viewer", "other site",
            ]
            for call in try Self.calls() where call.path != "/v1/events/stream" && call.role != nil {
                guard let path = Self.fill(call, api.other) else {
                    Issue.record("\(call): the walk knows no id for its parameters")
                    continue
                }
                for body in call.hasBody ? ["{}", "{\"name\": \"x\"}", "{\"note\": \"x\", \"reviewed\": true}"] : [nil]
                {
                    let response = try await api.send(call.method, path, key: key, body)
                    let text = String(buffer: response.body)
                    // The problem's instance repeats what was asked for.
                    let said = text.replacing(path, with: "")
                        .replacing(String(path.split(separator: "/").dropFirst(2).first ?? "-"), with: "")
                    for secret in secrets {
                        #expect(!said.contains(secret), "\(call) shows \(secret)")
                    }
                    if call.path.contains("{id}") {
                        #expect(
                            response.status == .notFound || response.status == .unprocessableContent,
                            "\(call): \(response.status)")
                    }
                    #expect(response.status.code < 500, "\(call): \(response.status)")
                }
            }
            #expect(try await api.digest(of: api.other.organization) == before)
        }
    }

    @Test func `another organization's ids in filters, bodies and cursors find nothing`() async throws {
        try await TestAPI.with { api async throws in
            let key = api.own.keys[.administrator]
            for query in ["camera_id=\(api.other.camera.id)", "site_id=\(api.other.site)"] {
                let found = try TestAPI.object(try await api.send(.get, "/v1/events?\(query)", key: key))
                #expect((found["items"] as? [Any])?.isEmpty == true, "\(query)")
            }
            let theirs = api.other.keys[.administrator]
            for path in ["/v1/cameras", "/v1/events", "/v1/users", "/v1/api-keys", "/v1/audit-log"] {
                let page = try TestAPI.object(try await api.send(.get, "\(path)?limit=1", key: theirs))
                guard let cursor = page["next_cursor"] as? String else { continue }
                let response = try await api.send(.get, "\(path)?cursor=\(cursor)", key: key)
                #expect(!String(buffer: response.body).contains(api.other.organization.description), "\(path)")
            }
            for (method, path, body) in [
                (
                    HTTPRequest.Method.post, "/v1/cameras",
                    #"{"name": "x", "url": "rtsp://h/x", "site_id": "\#(api.other.site)"}"#
                ),
                (.patch, "/v1/cameras/\(api.own.camera.id)", #"{"site_id": "\#(api.other.site)"}"#),
                (
                    .post, "/v1/users",
                    #"{"name": "x", "password": "0123456789", "role": "viewer", "grants": {"camera_ids": ["\#(api.other.camera.id)"]}}"#
                ),
            ] {
                let response = try await api.send(method, path, key: key, body)
                #expect([404, 422].contains(response.status.code), "\(method) \(path): \(response.status)")
            }
        }
    }

    @Test func `a user with grants sees exactly the cameras granted, on every call`() async throws {
        try await TestAPI.with { api async throws in
            let second = Camera(
                id: .make(at: api.clock.now), organization: api.own.organization, site: Site.first, name: "yard",
                enabled: true, settings: CameraSettings(url: "rtsp://127.0.0.1/yard"), revision: 1)
            try await api.store.cameras.insert(second)
            let hidden = try await TestAPI.event(second, api.store, "/tmp/vedette-api-none-\(UUID())", api.clock.now)
            let user = User(
                id: .make(at: api.clock.now), organization: api.own.organization, name: "narrow", role: .operator,
                grants: CameraGrants(cameras: [api.own.camera.id]), createdAt: api.clock.now)
            try await api.store.access.insert(user, passwordHash: try await TestAPI.hasher.hash(TestAPI.password))
            let signedIn = try TestAPI.object(
                try await api.send(
                    .post, "/v1/auth/login", #"{"user": "narrow", "password": "\#(TestAPI.password)"}"#))
            let token = signedIn["access_token"] as? String
            for call in try Self.calls() where call.path != "/v1/events/stream" && call.role != nil {
                var tenant = api.own
                tenant.camera = second
                tenant.event = hidden
                let path = try #require(Self.fill(call, tenant))
                let response = try await api.send(call.method, path, key: token, call.hasBody ? "{}" : nil)
                let text = String(buffer: response.body).replacing(path, with: "")
                // A refusal may repeat the id that was asked for.
                #expect(!text.contains("yard"), "\(call)")
                #expect(response.status.code >= 300 || !text.contains(second.id.description), "\(call)")
                if call.path.hasPrefix("/v1/cameras/{id}") || call.path.hasPrefix("/v1/events/{id}") {
                    #expect([403, 404].contains(response.status.code), "\(call): \(response.status)")
                }
            }
            let seen = try TestAPI.object(try await api.send(.get, "/v1/events", key: token))
            #expect((seen["items"] as? [[String: Any]])?.map { $0["id"] as? String } == [api.own.event.id.description])
            let clip = try await api.send(.get, "/v1/events/\(api.own.event.id)/clip.mp4", key: token)
            #expect(clip.status == .ok && clip.body.readableBytes == 1000)
        }
    }
}
