import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import Synchronization
import TestSupport
import Testing

@testable import API

/// Takes every trigger and remembers it, or refuses.
private final class Triggers: CameraTriggers {
    let taken = Mutex<[(trigger: Trigger, camera: Identifier<Camera>)]>([])
    let refusal = Mutex<TriggerRefusal?>(nil)
    let receipt = TriggerReceipt(
        event: Identifier<Event>.make(at: WallTime(secondsSinceEpoch: 1_777_629_605)), joined: false,
        triggeredAt: WallTime(secondsSinceEpoch: 1_777_629_605.12),
        endsAt: WallTime(secondsSinceEpoch: 1_777_629_635.12))

    func trigger(
        _ trigger: Trigger, on camera: Identifier<Camera>
    ) async throws(TriggerRefusal) -> TriggerReceipt {
        if let refusal = refusal.withLock({ $0 }) { throw refusal }
        taken.withLock { $0.append((trigger, camera)) }
        return receipt
    }
}

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct TriggerRouteTests {
    @Test func `an operator's trigger reaches the camera once, whatever is repeated`() async throws {
        let triggers = Triggers()
        try await TestAPI.with(triggers: triggers) { api async throws in
            let path = "/v1/cameras/\(api.own.camera.id)/trigger"
            let key = api.own.keys[.operator]
            for _ in 0..<2 {
                let response = try await api.send(
                    .post, path, key: key, headers: [.idempotencyKey: "once"],
                    #"{"kind": "manual", "label": "door 3", "duration_seconds": 30}"#)
                #expect(response.status == .accepted)
                #expect(response.headers[.location] == "/v1/events/\(triggers.receipt.event)")
                let body = try TestAPI.object(response)
                #expect(body["event_id"] as? String == triggers.receipt.event.description)
                #expect(body["kind"] as? String == "manual" && body["joined"] as? Bool == false)
                #expect(body["triggered_at"] as? String == "2026-05-01T10:00:05.120Z")
                #expect(body["ends_at"] as? String == "2026-05-01T10:00:35.120Z")
            }
            #expect(try await api.send(.post, path, key: key, "{}").status == .accepted)
            let taken = triggers.taken.withLock { $0 }
            #expect(taken.map(\.camera) == [api.own.camera.id, api.own.camera.id])
            #expect(
                taken.map(\.trigger) == [
                    Trigger(kind: .manual, label: "door 3", seconds: 30), Trigger(kind: .api, seconds: 10),
                ])
            let viewer = try await api.send(.post, path, key: api.own.keys[.viewer], "{}")
            #expect(viewer.status == .forbidden)
        }
    }

    @Test func `what is not a trigger is refused`() async throws {
        let triggers = Triggers()
        try await TestAPI.with(triggers: triggers) { api async throws in
            for body in [
                #"{"kind": "motion"}"#, #"{"label": ""}"#, #"{"label": "a\nb"}"#, #"{"duration_seconds": 0}"#,
                #"{"duration_seconds": 3601}"#, #"{"seconds": 5}"#, "", "[]",
            ] {
                let response = try await api.send(
                    .post, "/v1/cameras/\(api.own.camera.id)/trigger", key: api.own.keys[.operator], body)
                #expect(response.status == .unprocessableContent, "\(body)")
            }
            #expect(triggers.taken.withLock { $0.isEmpty })
        }
    }

    @Test(arguments: [
        (TriggerRefusal.disabled, 409, "switched off"), (.notConnected("no answer"), 503, "no answer"),
        (.notConnected(nil), 503, "not delivered"), (.notRecorded, 503, "log"),
    ])
    func `a camera that does not record says why`(refusal: TriggerRefusal, status: Int, word: String) async throws {
        let triggers = Triggers()
        triggers.refusal.withLock { $0 = refusal }
        try await TestAPI.with(triggers: triggers) { api async throws in
            let response = try await api.send(
                .post, "/v1/cameras/\(api.own.camera.id)/trigger", key: api.own.keys[.operator], "{}")
            #expect(response.status.code == status)
            #expect(response.headers[.contentType] == "application/problem+json")
            #expect((response.headers[.retryAfter] != nil) == (status == 503))
            #expect((try TestAPI.object(response)["detail"] as? String)?.contains(word) == true)
        }
    }

    @Test func `a camera's audio trigger is switched on, changed member by member, and off`() async throws {
        try await TestAPI.with { api async throws in
            let path = "/v1/cameras/\(api.own.camera.id)"
            let key = api.own.keys[.administrator]
            func trigger(_ body: String) async throws -> [String: Any]? {
                let response = try await api.send(.patch, path, key: key, "{\"audio_trigger\": \(body)}")
                #expect(response.status == .ok, "\(body)")
                return try TestAPI.object(response)["audio_trigger"] as? [String: Any]
            }
            #expect(try TestAPI.object(try await api.send(.get, path, key: key))["audio_trigger"] is NSNull)
            let on = try #require(try await trigger(#"{"level_dbfs": -30}"#))
            #expect(on["level_dbfs"] as? Double == -30 && on["seconds"] as? Double == 0.5)
            #expect(on["hysteresis_db"] as? Double == 6 && on["rearm_seconds"] as? Double == 5 && on.count == 4)
            let changed = try #require(try await trigger(#"{"seconds": 2, "rearm_seconds": 60}"#))
            #expect(changed["level_dbfs"] as? Double == -30 && changed["seconds"] as? Double == 2)
            let reset = try #require(try await trigger(#"{"seconds": null}"#))
            #expect(reset["seconds"] as? Double == 0.5 && reset["rearm_seconds"] as? Double == 60)
            for (body, field) in [
                (#"{"level_dbfs": 1}"#, "level_dbfs"), (#"{"level_dbfs": null}"#, "level_dbfs"),
                (#"{"seconds": 31}"#, "seconds"), (#"{"loud": 3}"#, "loud"),
            ] {
                let response = try await api.send(.patch, path, key: key, "{\"audio_trigger\": \(body)}")
                #expect(response.status == .unprocessableContent, "\(body)")
                let errors = try TestAPI.object(response)["errors"] as? [[String: Any]]
                #expect(errors?.contains { $0["field"] as? String == "audio_trigger.\(field)" } == true, "\(body)")
            }
            #expect(try await trigger("null") == nil)
            let without = try await api.send(.patch, path, key: key, #"{"audio_trigger": {"seconds": 2}}"#)
            #expect(without.status == .unprocessableContent)
            let word = try await api.send(.patch, path, key: key, #"{"audio_trigger": "on"}"#)
            #expect(word.status == .unprocessableContent)
        }
    }

    @Test func `a camera's schedule and tamper setting are read, changed and checked`() async throws {
        try await TestAPI.with { api async throws in
            let path = "/v1/cameras/\(api.own.camera.id)"
            let key = api.own.keys[.administrator]
            let before = try TestAPI.object(try await api.send(.get, path, key: key))
            #expect(before["tamper"] as? Bool == true && (before["schedule"] as? [Any])?.isEmpty == true)
            let changed = try await api.send(
                .patch, path, key: key,
                #"{"tamper": false, "schedule": [{"name": "opening", "at": "06:30", "days": ["tue", "mon"], "duration_seconds": 30}, {"name": "often", "every_seconds": 3600}]}"#
            )
            #expect(changed.status == .ok)
            let after = try TestAPI.object(try await api.send(.get, path, key: key))
            #expect(after["tamper"] as? Bool == false)
            let rules = try #require(after["schedule"] as? [[String: Any]])
            #expect(rules[0]["at"] as? String == "06:30" && rules[0]["days"] as? [String] == ["mon", "tue"])
            #expect(rules[0]["every_seconds"] is NSNull && rules[1]["every_seconds"] as? Int == 3600)
            #expect(rules[1]["duration_seconds"] as? Double == 10 && rules[1]["days"] as? [String] == [])
            for (rules, field) in [
                (#"[{"name": "a"}]"#, "schedule[0].at"),
                (#"[{"name": "a", "at": "06:30", "every_seconds": 60}]"#, "schedule[0].at"),
                (#"[{"name": "a", "at": "25:00"}]"#, "schedule[0].at"),
                (#"[{"name": "a", "every_seconds": 59}]"#, "schedule[0].every_seconds"),
                (#"[{"at": "06:30"}]"#, "schedule[0].name"),
                (#"[{"name": "a", "at": "06:30", "days": ["funday"]}]"#, "schedule[0].days"),
                (#"[{"name": "a", "at": "06:30"}, {"name": "a", "at": "07:30"}]"#, "schedule[1].name"),
                (#""daily""#, "schedule"),
            ] {
                let response = try await api.send(.patch, path, key: key, "{\"schedule\": \(rules)}")
                #expect(response.status == .unprocessableContent, "\(rules)")
                let errors = try TestAPI.object(response)["errors"] as? [[String: Any]]
                #expect(errors?.contains { $0["field"] as? String == field } == true, "\(rules): \(errors ?? [])")
            }
            let last = try TestAPI.object(try await api.send(.get, path, key: key))
            #expect(last["revision"] as? Int == after["revision"] as? Int)
        }
    }
}
