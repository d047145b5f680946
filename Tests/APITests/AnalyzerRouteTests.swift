import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct AnalyzerRouteTests {
    /// As the settings file would.
    private static func configure(_ api: TestAPI) async throws -> Identifier<Analyzer> {
        let judging = api.store.judging
        let analyzer = try await judging.put(
            Analyzer(
                id: .make(at: api.clock.now), organization: api.own.organization, name: "local", kind: .openai,
                baseURL: "http://127.0.0.1:1/v1", apiKey: "sk-from-the-file"))
        try await judging.put(
            Policy(id: .make(at: api.clock.now), mode: .single, analyzers: [analyzer]), of: api.own.organization)
        _ = try await judging.define(normal: "quiet", labels: ["person"], of: api.own.organization)
        return analyzer
    }

    private static let made = #"""
        {"name": "vlm", "kind": "openai", "base_url": "https://u:pass@models.example/v1", "model": "qwen",
        "api_key": "sk-very-secret", "max_pictures": 4, "budget": {"requests_per_minute": 60, "prompt_price": 0.5}}
        """#

    @Test func `analyzers come in pages, and what the list does not take is refused`() async throws {
        try await TestAPI.with { api async throws in
            let key = try #require(api.own.keys[.administrator])
            for name in ["b", "a", "c"] {
                let body = "{\"name\": \"\(name)\", \"kind\": \"openai\", \"base_url\": \"http://127.0.0.1:1/v1\"}"
                #expect(try await api.send(.post, "/v1/analyzers", key: key, body).status == .created)
            }
            let all = try TestAPI.object(try await api.send(.get, "/v1/analyzers", key: key))
            let names = (all["items"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
            #expect(names.count >= 4 && names.filter { ["a", "b", "c"].contains($0) } == ["a", "b", "c"])
            var seen: [String] = []
            var path = "/v1/analyzers?limit=1"
            while true {
                let page = try TestAPI.object(try await api.send(.get, path, key: key))
                seen += (page["items"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
                guard let cursor = page["next_cursor"] as? String else { break }
                path = "/v1/analyzers?limit=1&cursor=\(cursor)"
            }
            #expect(seen == names)
            #expect(try await api.send(.get, "/v1/analyzers?colour=red", key: key).status == .unprocessableContent)
        }
    }

    @Test func `an analyzer is made, changed and removed, and its key never comes out`() async throws {
        try await TestAPI.with { api async throws in
            let key = api.own.keys[.administrator]
            var bodies: [String] = []
            func send(
                _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, headers: HTTPFields = [:]
            ) async throws -> TestResponse {
                let response = try await api.send(method, path, key: key, headers: headers, body)
                bodies.append(String(buffer: response.body))
                return response
            }
            let first = try await send(.post, "/v1/analyzers", Self.made)
            #expect(first.status == .created)
            let path = try #require(first.headers[.location])
            let analyzer = try TestAPI.object(first)
            #expect(analyzer["has_key"] as? Bool == true && analyzer["read_only"] as? Bool == false)
            #expect(analyzer["base_url"] as? String == "https://u:***@models.example/v1")
            #expect((analyzer["budget"] as? [String: Any])?["requests_per_minute"] as? Int == 60)
            #expect(try await send(.post, "/v1/analyzers", Self.made).status == .conflict)
            // Patched in parts, also with what was read.
            let patched = try await send(
                .patch, path,
                #"{"budget": {"money_per_day": 2}, "base_url": "https://u:***@models.example/v1", "has_key": true}"#,
                headers: [.ifMatch: first.headers[.eTag] ?? ""])
            #expect(patched.status == .ok && patched.headers[.eTag] == "\"2\"")
            let budget = try #require(try TestAPI.object(patched)["budget"] as? [String: Any])
            #expect(budget["requests_per_minute"] as? Int == 60 && budget["money_per_day"] as? Double == 2)
            #expect(budget["prompt_price"] as? Double == 0.5)
            let stored = try #require(
                try await api.store.judging.analyzers(of: api.own.organization).first { $0.name == "vlm" })
            #expect(stored.apiKey == "sk-very-secret" && stored.baseURL == "https://u:pass@models.example/v1")
            #expect(stored.maximumPictures == 4)
            #expect(
                try await send(.patch, path, #"{"model": "x"}"#, headers: [.ifMatch: "\"1\""]).status
                    == .preconditionFailed)
            // The key is not sent elsewhere without saying so.
            for (body, field) in [
                (#"{"base_url": "https://evil.example/v1"}"#, "api_key"),
                (#"{"base_url": "http://u:pass@models.example/v1"}"#, "api_key"),
                (#"{"base_url": "ftp://models.example"}"#, "base_url"),
                (#"{"base_url": null, "api_key": null}"#, "base_url"),
                (#"{"timeout_seconds": 0}"#, "timeout_seconds"), (#"{"budget": {"colour": 1}}"#, "budget.colour"),
                (#"{"budget": {"requests_per_minute": 0.5}}"#, "budget.requests_per_minute"),
                (#"{"api_key": "a\nb"}"#, "api_key"), (#"{"name": ""}"#, "name"),
            ] {
                let refused = try await send(.patch, path, body)
                #expect(refused.status == .unprocessableContent, "\(body)")
                let errors = try TestAPI.object(refused)["errors"] as? [[String: Any]]
                #expect(errors?.contains { $0["field"] as? String == field } == true, "\(body)")
            }
            #expect(
                try await send(.post, "/v1/analyzers", #"{"name": "e", "kind": "embedded", "model": "x"}"#).status
                    == .unprocessableContent)
            let moved = try await send(
                .patch, path, #"{"base_url": "https://other.example/v1", "api_key": null, "max_pictures": null}"#)
            #expect(try TestAPI.object(moved)["has_key"] as? Bool == false)
            #expect(try TestAPI.object(moved)["max_pictures"] is NSNull)
            let tried = try TestAPI.object(try await send(.post, path + "/test"))
            #expect(tried["ok"] as? Bool == true && tried["labels"] as? [String] == ["square"])
            #expect(try await send(.patch, path, #"{"model": "gone"}"#).status == .ok)
            let failed = try TestAPI.object(try await send(.post, path + "/test"))
            #expect(failed["ok"] as? Bool == false && failed["error"] as? String == "there is no model \"gone\"")
            #expect(try await send(.delete, path).status == .noContent)
            #expect(try await send(.get, path).status == .notFound)
            for body in bodies { #expect(!body.contains("very-secret") && !body.contains("u:pass@")) }
        }
    }

    @Test func `headers, proxy and certificates are kept, told without what is secret, and not led astray`()
        async throws
    {
        try await TestAPI.with { api async throws in
            let key = api.own.keys[.administrator]
            var bodies: [String] = []
            func send(_ method: HTTPRequest.Method, _ path: String, _ body: String? = nil) async throws -> TestResponse
            {
                let response = try await api.send(method, path, key: key, body)
                bodies.append(String(buffer: response.body))
                return response
            }
            let first = try await send(
                .post, "/v1/analyzers",
                #"""
                {"name": "vlm", "kind": "openai", "base_url": "https://models.example/v1", "model": "m",
                "headers": {"X-Team": "hidden-team", "api-key": "hidden-key"}, "proxy": "http://me:hidden-pw@proxy:3128",
                "first_byte_timeout_seconds": 20, "connect_timeout_seconds": 3, "picture_side_pixels": 512,
                "picture_detail": "low"}
                """#)
            #expect(first.status == .created)
            let path = try #require(first.headers[.location])
            let made = try TestAPI.object(first)
            #expect(
                made["header_names"] as? [String] == ["X-Team", "api-key"]
                    || made["header_names"] as? [String] == ["api-key", "X-Team"])
            #expect(made["proxy"] as? String == "http://me:***@proxy:3128")
            #expect(made["picture_side_pixels"] as? Int == 512 && made["picture_detail"] as? String == "low")
            func stored() async throws -> AnalyzerConnection {
                try #require(
                    try await api.store.judging.analyzers(of: api.own.organization).first { $0.name == "vlm" }
                ).connection
            }
            #expect(try await stored().headers.contains(.init(name: "api-key", value: "hidden-key")))
            #expect(try await stored().proxy == "http://me:hidden-pw@proxy:3128")
            #expect(try await stored().firstByteTimeoutSeconds == 20)
            #expect(try await stored().connectTimeoutSeconds == 3)
            // A merge patch of one header; what was read may be sent back.
            let patched = try await send(
                .patch, path,
                #"""
                {"headers": {"x-team": "hidden-other", "api-key": null}, "proxy": "http://me:***@proxy:3128",
                "header_names": ["X-Team"], "picture_detail": null}
                """#)
            #expect(patched.status == .ok)
            #expect(try await stored().headers == [.init(name: "x-team", value: "hidden-other")])
            #expect(try await stored().proxy == "http://me:hidden-pw@proxy:3128")
            #expect(try await stored().detail == nil)
            let certificate = #""-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----""#
            for (body, field) in [
                (#"{"base_url": "https://evil.example/v1"}"#, "headers.x-team"),
                (#"{"proxy": "http://evil.example:1"}"#, "headers.x-team"), (#"{"proxy": null}"#, "headers.x-team"),
                ("{\"certificate_authorities\": \(certificate)}", "headers.x-team"),
                (#"{"certificate_authorities": "trust me"}"#, "certificate_authorities"),
                (#"{"proxy": "proxy:3128"}"#, "proxy"), (#"{"headers": {"Host": "x"}}"#, "headers"),
                (#"{"headers": {"X": "a\nb"}}"#, "headers"), (#"{"headers": {"X": 1}}"#, "headers"),
                (#"{"headers": "X: 1"}"#, "headers"), (#"{"picture_side_pixels": 10}"#, "picture_side_pixels"),
                (#"{"picture_detail": "huge"}"#, "picture_detail"),
                (#"{"first_byte_timeout_seconds": 0}"#, "first_byte_timeout_seconds"),
            ] {
                let refused = try await send(.patch, path, body)
                #expect(refused.status == .unprocessableContent, "\(body)")
                let errors = try TestAPI.object(refused)["errors"] as? [[String: Any]]
                #expect(
                    errors?.contains { $0["field"] as? String == field } == true,
                    "\(body): \(String(describing: errors))")
            }
            #expect(try await stored().headers == [.init(name: "x-team", value: "hidden-other")])
            let moved = try await send(
                .patch, path, #"{"base_url": "https://other.example/v1", "proxy": null, "headers": null}"#)
            #expect(moved.status == .ok)
            #expect(
                try await stored()
                    == AnalyzerConnection(connectTimeoutSeconds: 3, firstByteTimeoutSeconds: 20, pictureSidePixels: 512)
            )
            for body in bodies { #expect(!body.contains("hidden-")) }
            // What was done is in the audit log, without what is secret.
            let log = try await send(.get, "/v1/audit-log")
            let actions =
                (try TestAPI.object(log)["items"] as? [[String: Any]])?.compactMap { $0["action"] as? String } ?? []
            #expect(
                actions.contains { $0.hasPrefix("PATCH /v1/analyzers") } && actions.contains("POST /v1/analyzers"),
                "\(actions)")
            #expect(!String(buffer: log.body).contains("hidden-"))
        }
    }

    @Test func `what the settings file has is only read, until the file no longer has it`() async throws {
        try await TestAPI.with { api async throws in
            let id = try await Self.configure(api)
            let key = api.own.keys[.administrator]
            let path = "/v1/analyzers/\(id)"
            let read = try await api.send(.get, path, key: api.own.keys[.viewer])
            #expect(try TestAPI.object(read)["read_only"] as? Bool == true)
            #expect(!String(buffer: read.body).contains("sk-from"))
            #expect(try await api.send(.patch, path, key: key, #"{"model": "x"}"#).status == .conflict)
            #expect(try await api.send(.delete, path, key: key).status == .conflict)
            let policies = try TestAPI.object(try await api.send(.get, "/v1/policies", key: key))
            let policy = try #require((policies["items"] as? [[String: Any]])?.first)
            #expect(policy["read_only"] as? Bool == true && policy["analyzers"] as? [String] == ["local"])
            let theirs = "/v1/policies/\(policy["id"] as? String ?? "")"
            #expect(try await api.send(.patch, theirs, key: key, #"{"mode": "single"}"#).status == .conflict)
            #expect(try await api.send(.delete, theirs, key: key).status == .conflict)
            try await api.store.judging.keep(analyzers: ["another"], of: api.own.organization)
            #expect(try await api.send(.patch, path, key: key, #"{"model": "x"}"#).status == .ok)
            // The policy still asks it.
            #expect(try await api.send(.delete, path, key: key).status == .conflict)
        }
    }

    @Test func `a camera's policy counts before the site's, and that before the organization's`() async throws {
        try await TestAPI.with { api async throws in
            _ = try await Self.configure(api)
            let key = api.own.keys[.administrator]
            #expect(try await api.send(.post, "/v1/analyzers", key: key, Self.made).status == .created)
            func mode() async throws -> [String] {
                let task = try await api.store.judging.task(for: api.own.event.id, of: api.own.organization)
                return [task.policy.mode.rawValue] + task.analyzers.map(\.name)
            }
            #expect(try await mode() == ["single", "own judge"], "the camera's")
            #expect(try await api.send(.delete, "/v1/policies/\(api.own.policy)", key: key).status == .noContent)
            #expect(try await mode() == ["single", "local"])
            let site = try await api.send(
                .post, "/v1/policies", key: key,
                #"{"name": "both", "mode": "consensus", "analyzers": ["vlm", "local"], "site_id": "\#(api.own.site)"}"#)
            #expect(site.status == .created)
            #expect(try await mode() == ["consensus", "vlm", "local"])
            let camera = try await api.send(
                .post, "/v1/policies", key: key,
                #"{"name": "gate", "mode": "single", "analyzers": ["vlm"], "camera_id": "\#(api.own.camera.id)"}"#)
            #expect(camera.status == .created)
            #expect(try await mode() == ["single", "vlm"])
            let path = try #require(camera.headers[.location])
            let changed = try await api.send(
                .patch, path, key: key, headers: [.ifMatch: camera.headers[.eTag] ?? ""],
                #"{"mode": "cascade", "analyzers": ["local", "vlm"]}"#)
            #expect(changed.status == .ok && changed.headers[.eTag] == "\"2\"")
            #expect(try await mode() == ["cascade", "local", "vlm"])
            for (body, field) in [
                (#"{"mode": "single"}"#, "analyzers"), (#"{"analyzers": ["local", "nobody"]}"#, "analyzers"),
                (#"{"analyzers": ["local", "local"]}"#, "analyzers"), (#"{"name": "default"}"#, "name"),
            ] {
                let refused = try await api.send(.patch, path, key: key, body)
                #expect(refused.status == .unprocessableContent, "\(body)")
                let errors = try TestAPI.object(refused)["errors"] as? [[String: Any]]
                #expect(errors?.contains { $0["field"] as? String == field } == true, "\(body)")
            }
            for (body, status) in [
                (#"{"name": "x", "mode": "single", "analyzers": ["vlm"]}"#, 422),
                (#"{"name": "x", "mode": "single", "analyzers": ["vlm"], "camera_id": "\#(api.own.camera.id)"}"#, 409),
                (
                    #"{"name": "x", "mode": "single", "analyzers": ["vlm"], "camera_id": "\#(api.other.camera.id)"}"#,
                    404
                ),
            ] {
                let refused = try await api.send(.post, "/v1/policies", key: key, body)
                #expect(Int(refused.status.code) == status, "\(body)")
            }
            #expect(try await api.send(.delete, path, key: key).status == .noContent)
            #expect(try await mode() == ["consensus", "vlm", "local"])
        }
    }
}
