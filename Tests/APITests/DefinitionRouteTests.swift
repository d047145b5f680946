import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import PostgresKit
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct DefinitionRouteTests {
    /// The organization's words, an analyzer and a policy, and its administrator's key.
    private static func configure(_ api: TestAPI) async throws -> String? {
        let judging = api.store.judging
        let analyzer = try await judging.put(
            Analyzer(id: .make(at: api.clock.now), organization: api.own.organization, name: "one", kind: .embedded))
        try await judging.put(
            Policy(id: .make(at: api.clock.now), mode: .single, analyzers: [analyzer]), of: api.own.organization)
        _ = try await judging.define(normal: "quiet", labels: ["person"], of: api.own.organization)
        return api.own.keys[.administrator]
    }

    private static func fields(_ response: TestResponse) throws -> [String] {
        (try TestAPI.object(response)["errors"] as? [[String: Any]] ?? []).compactMap { $0["field"] as? String }
    }

    @Test func `versions are added and never changed, held to the newest, listed and compared`() async throws {
        try await TestAPI.with { api async throws in
            let key = try await Self.configure(api)
            let path = "/v1/definitions/\(api.own.definition)"
            let read = try await api.send(.get, path, key: api.own.keys[.viewer])
            #expect(read.headers[.eTag] == "\"1\"")
            let words =
                #"{"normal": "only cats\nand dogs", "labels": [" Red  Fox", "red fox"], "questions": ["Is it shut?"]}"#
            var headers: HTTPFields = [.ifMatch: "\"2\""]
            #expect(
                try await api.send(.post, path + "/versions", key: key, headers: headers, words).status
                    == .preconditionFailed)
            headers[.ifMatch] = "\"1\""
            let made = try await api.send(.post, path + "/versions", key: key, headers: headers, words)
            #expect(made.status == .created && made.headers[.eTag] == "\"2\"")
            // Saying the same again makes none.
            #expect(try await api.send(.post, path + "/versions", key: key, words).status == .ok)
            let third = try await api.send(.post, path + "/versions", key: key, #"{"labels": ["red fox", "owl"]}"#)
            #expect(third.status == .created)
            let newest = try #require(try TestAPI.object(third)["newest"] as? [String: Any])
            #expect(newest["normal"] is NSNull && newest["labels"] as? [String] == ["red fox", "owl"])
            #expect(newest["author"] as? String == "administrator key" && newest["version"] as? Int == 3)

            var versions: [Int] = []
            var page = "\(path)/versions?limit=1"
            while true {
                let list = try TestAPI.object(try await api.send(.get, page, key: key))
                versions += (list["items"] as? [[String: Any]] ?? []).compactMap { $0["version"] as? Int }
                guard let cursor = list["next_cursor"] as? String else { break }
                page = "\(path)/versions?limit=1&cursor=\(cursor)"
            }
            #expect(versions == [3, 2, 1])
            let first = try TestAPI.object(try await api.send(.get, path + "/versions/1", key: key))
            #expect(first["normal"] as? String == "only cats" && first["author"] is NSNull)
            #expect(try await api.send(.get, path + "/versions/4", key: key).status == .notFound)

            let diff = try TestAPI.object(try await api.send(.get, path + "/diff?from=1&to=2", key: key))
            let lines = try #require((diff["normal"] as? [String: Any])?["lines"] as? [[String: String]])
            #expect(lines == [["change": "same", "text": "only cats"], ["change": "added", "text": "and dogs"]])
            #expect((diff["labels"] as? [String: Any])?["added"] as? [String] == ["red fox"])
            #expect(diff["examples"] is NSNull)
            let last = try TestAPI.object(try await api.send(.get, path + "/diff", key: key))
            #expect(last["from"] as? Int == 2 && last["to"] as? Int == 3)
            #expect((last["normal"] as? [String: Any])?["is_inherited"] as? Bool == true)
            #expect((last["labels"] as? [String: Any])?["added"] as? [String] == ["owl"])
            for (body, field) in [
                (#"{"normal": 7}"#, "normal"), (#"{"colour": 7}"#, "colour"),
                (#"{"questions": ["1","2","3","4","5","6","7","8","9"]}"#, "questions"),
                (#"{"examples": [{"caption": "x"}]}"#, "examples[0].picture_id"), (#"{"examples": 7}"#, "examples"),
            ] {
                let refused = try await api.send(.post, path + "/versions", key: key, body)
                #expect(refused.status == .unprocessableContent)
                #expect(try Self.fields(refused) == [field], "\(body)")
            }
        }
    }

    @Test func `a camera inherits part by part, and what the settings file says again changes nothing`() async throws {
        try await TestAPI.with { api async throws in
            let key = try await Self.configure(api)
            let camera = "/v1/cameras/\(api.own.camera.id)/definition"
            let site = try await api.send(
                .post, "/v1/definitions", key: key,
                #"{"name": "the site", "site_id": "\#(api.own.site)", "questions": ["Is the gate open?"]}"#)
            #expect(site.status == .created)
            let second = try await api.send(
                .post, "/v1/definitions", key: key, #"{"name": "again", "site_id": "\#(api.own.site)"}"#)
            #expect(second.status == .conflict)
            #expect(
                try await api.send(
                    .post, "/v1/definitions", key: key, #"{"name": "x", "camera_id": "\#(api.other.camera.id)"}"#
                ).status == .notFound)
            #expect(
                try await api.send(
                    .post, "/v1/definitions/\(api.own.definition)/versions", key: key, #"{"normal": "only cats"}"#
                ).status == .created)
            let effective = try TestAPI.object(try await api.send(.get, camera, key: key))
            #expect(effective["normal"] as? String == "only cats" && effective["labels"] as? [String] == ["person"])
            #expect(effective["questions"] as? [String] == ["Is the gate open?"] && effective["version"] as? Int == 2)
            let sources = try #require(effective["sources"] as? [String: Any])
            func level(_ part: String) -> String? { (sources[part] as? [String: Any])?["level"] as? String }
            #expect(level("normal") == "camera" && level("labels") == "organization" && level("questions") == "site")
            #expect(sources["examples"] is NSNull)

            let all = try #require(
                try TestAPI.object(try await api.send(.get, "/v1/definitions", key: key))["items"] as? [[String: Any]])
            let whole = try #require(all.first { $0["scope"] as? String == "organization" }?["id"] as? String)
            let missing = try await api.send(.post, "/v1/definitions/\(whole)/versions", key: key, #"{"normal": "x"}"#)
            #expect(try Self.fields(missing) == ["labels"])
            #expect(
                try await api.send(
                    .post, "/v1/definitions/\(whole)/versions", key: key, #"{"normal": "calm", "labels": ["cat"]}"#
                ).status == .created)
            // The next start says the old words; the API's stand.
            let kept = try await api.store.judging.define(
                normal: "quiet", labels: ["person"], of: api.own.organization)
            #expect(kept.normal == "calm" && kept.version == 2)
            let task = try await api.store.judging.task(for: api.own.event.id, of: api.own.organization)
            #expect(task.definition.labels == ["cat"] && task.definition.definition == api.own.definition)
            // And new words in the file are a new version.
            #expect(
                try await api.store.judging.define(normal: "new", labels: [], of: api.own.organization).version == 3)
        }
    }

    @Test func `an example is a copy of an event's picture, and outlives the event`() async throws {
        try await TestAPI.with { api async throws in
            let key = try await Self.configure(api)
            let path = "/v1/definitions/\(api.own.definition)"
            func add(_ example: String) async throws -> TestResponse {
                try await api.send(.post, path + "/versions", key: key, #"{"normal": "n", "examples": [\#(example)]}"#)
            }
            for wrong in [
                #"{"event_id": "\#(api.own.event.id)", "evidence": 2}"#, #"{"event_id": "\#(api.other.event.id)"}"#,
                #"{"picture_id": "\#(api.own.event.id)"}"#,
            ] {
                #expect(try await add(wrong).status == .notFound, "\(wrong)")
            }
            #expect(try await add(#"{"event_id": "\#(api.own.event.id)", "caption": "noon"}"#).status == .created)
            #expect(
                try await api.send(.delete, "/v1/events/\(api.own.event.id)", key: key).status == .noContent)
            let picture = try await api.send(.get, path + "/examples/1.jpg", key: key)
            #expect(
                picture.status == .ok && Array(picture.body.readableBytesView) == [UInt8](repeating: 7, count: 1000))
            #expect(picture.headers[.contentType] == "image/jpeg")
            for missing in ["examples/2.jpg", "examples/0.jpg", "examples/1.jpg?version=1"] {
                #expect(try await api.send(.get, "\(path)/\(missing)", key: key).status == .notFound, "\(missing)")
            }
        }
    }

    @Test func `a draft is tried on events and leaves nothing behind`() async throws {
        try await TestAPI.with { api async throws in
            _ = try await Self.configure(api)
            let key = api.own.keys[.operator]
            let before = try await api.digest(of: api.own.organization)
            let event = api.own.event.id
            let tried = try await api.send(
                .post, "/v1/definitions/test", key: key,
                #"{"event_ids": ["\#(event)"], "draft": {"questions": ["Who?"]}}"#)
            let trial = try TestAPI.object(tried)
            let item = try #require((trial["items"] as? [[String: Any]])?.first)
            let verdict = try #require(item["verdict"] as? [String: Any])
            // What the draft leaves open is the camera's.
            #expect(verdict["summary"] as? String == "only cats" && verdict["reason"] as? String == "Who?")
            #expect(verdict["definition_version"] as? Int == 0 && item["error"] is NSNull)
            #expect(trial["tokens"] as? Int == 11 && trial["cost"] as? Double == 0.5)
            let failed = try TestAPI.object(
                try await api.send(
                    .post, "/v1/definitions/test", key: key,
                    #"{"event_ids": ["\#(event)"], "draft": {"labels": ["trouble"]}}"#))
            let error = (failed["items"] as? [[String: Any]])?.first?["error"] as? String
            #expect(error == "no such model")
            let whole = try TestAPI.object(
                try await api.send(
                    .post, "/v1/definitions/test", key: key, #"{"event_ids": ["\#(event)"], "definition_version": 1}"#))
            let chosen = (whole["items"] as? [[String: Any]])?.first?["verdict"] as? [String: Any]
            #expect(chosen?["summary"] as? String == "quiet", "the organization's, without the camera's")
            let preview = try await api.send(
                .post, "/v1/definitions/preview", key: key, #"{"event_id": "\#(event)"}"#)
            #expect(String(buffer: preview.body).contains(#""request":{"b":1,"a":[]}"#))
            #expect(try TestAPI.object(preview)["items"] is [[String: Any]])
            #expect(try await api.digest(of: api.own.organization) == before)
            for (body, status) in [
                (#"{"event_ids": []}"#, 422), (#"{"event_ids": ["x"]}"#, 422), (#"{}"#, 422),
                (#"{"event_ids": ["\#(event)"], "draft": {"colour": 1}}"#, 422),
                (#"{"event_ids": ["\#(api.other.event.id)"]}"#, 404),
                (#"{"event_ids": [\#(Array(repeating: "\"\(event)\"", count: 21).joined(separator: ","))]}"#, 422),
            ] {
                let refused = try await api.send(.post, "/v1/definitions/test", key: key, body)
                #expect(Int(refused.status.code) == status, "\(body)")
            }
        }
    }
}
