import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import PostgresKit
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct FeedbackTests {
    /// Gives the tenant's event a verdict.
    private static func judge(_ api: TestAPI) async throws {
        let verdict = Identifier<Verdict>.make(at: api.clock.now)
        try await api.pool.query(
            """
            INSERT INTO verdicts (id, organization_id, event_id, definition_version, analyzer, state, confidence, labels, summary,
                reason, model, latency_seconds, created_at)
            VALUES ($1, $2, $3, 1, 'local', 'abnormal', 0.9, '{person}', 's', 'r', 'm', 1, now())
            """, [.uuid(verdict.uuid), .uuid(api.own.organization.uuid), .uuid(api.own.event.id.uuid)])
        try await api.pool.query(
            "UPDATE events SET current_verdict_id = $1, analysis = 'done' WHERE id = $2",
            [.uuid(verdict.uuid), .uuid(api.own.event.id.uuid)])
    }

    @Test func `a verdict is called right, then wrong, and both are taken back; the history keeps it all`() async throws
    {
        try await TestAPI.with { api async throws in
            try await Self.judge(api)
            let path = "/v1/events/\(api.own.event.id)/feedback"
            let key = api.own.keys[.operator]
            let right = try TestAPI.object(try await api.send(.post, path, key: key, #"{"right": true}"#))
            let said = try #require(right["feedback"] as? [String: Any])
            #expect(said["state"] as? String == "abnormal" && said["labels"] as? [String] == ["person"])
            #expect(said["author"] as? String == "operator key")
            #expect(said["verdict_id"] as? String == (right["verdict"] as? [String: Any])?["id"] as? String)
            #expect(right["reviewed"] as? Bool == true)

            let wrong = try TestAPI.object(
                try await api.send(
                    .post, path, key: key,
                    #"{"state": "normal", "labels": [" Mail  Carrier", "mail carrier"], "note": "comes at ten"}"#))
            let corrected = try #require(wrong["feedback"] as? [String: Any])
            #expect(corrected["state"] as? String == "normal" && corrected["labels"] as? [String] == ["mail carrier"])

            let accuracy = try TestAPI.object(try await api.send(.get, "/v1/accuracy?group_by=camera,week", key: key))
            let group = try #require((accuracy["items"] as? [[String: Any]])?.first)
            #expect(group["camera_id"] as? String == api.own.camera.id.description)
            let precision = try #require(group["precision"] as? [String: Any])
            #expect(precision["count"] as? Int == 0 && precision["total"] as? Int == 1)
            let cells = try #require(group["confusion"] as? [[String: Any]])
            #expect(cells.count == 9)
            let one = cells.first { $0["verdict"] as? String == "abnormal" && $0["truth"] as? String == "normal" }
            #expect(one?["count"] as? Int == 1)

            #expect(try await api.send(.delete, path, key: key).status == .noContent)
            #expect(try await api.send(.delete, path, key: key).status == .notFound)
            let event = try TestAPI.object(try await api.send(.get, "/v1/events/\(api.own.event.id)", key: key))
            #expect(event["feedback"] is NSNull)
            let history = try TestAPI.object(try await api.send(.get, path, key: api.own.keys[.viewer]))
            let items = try #require(history["items"] as? [[String: Any]])
            #expect(items.map { $0["state"] as? String } == [nil, "normal", "abnormal"])
            #expect(items[1]["note"] as? String == "comes at ten")
        }
    }

    @Test(arguments: [
        ("{}", "state"), (#"{"right": true}"#, "right"), (#"{"state": "odd"}"#, "state"),
        (#"{"right": true, "state": "normal"}"#, "right"), (#"{"state": "normal", "labels": [1]}"#, "labels"),
        (#"{"state": "normal", "more": 1}"#, "more"),
    ])
    func `feedback that says nothing clear is refused with the field that is wrong`(
        body: String, field: String
    ) async throws {
        try await TestAPI.with { api async throws in
            // There is no verdict yet that could be right.
            let response = try await api.send(
                .post, "/v1/events/\(api.own.event.id)/feedback", key: api.own.keys[.operator], body)
            #expect(response.status == .unprocessableContent)
            let errors = try TestAPI.object(response)["errors"] as? [[String: Any]]
            #expect(errors?.contains { $0["field"] as? String == field } == true, "\(String(describing: errors))")
        }
    }

    @Test(arguments: ["group_by=day", "group_by=", "from=yesterday", "camera_id=x", "limit=5"])
    func `accuracy refuses what it does not know`(query: String) async throws {
        try await TestAPI.with { api async throws in
            let response = try await api.send(.get, "/v1/accuracy?\(query)", key: api.own.keys[.viewer])
            #expect(response.status == .unprocessableContent)
        }
    }
}
