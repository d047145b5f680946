import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import PostgresKit
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct JobRouteTests {
    /// Two analyzers, a policy with the first and a definition of two versions for the own organization.
    private static func configure(_ api: TestAPI) async throws {
        let judging = api.store.judging
        var first: Identifier<Analyzer>?
        for name in ["one", "two"] {
            let id = try await judging.put(
                Analyzer(
                    id: .make(at: api.clock.now), organization: api.own.organization, name: name, kind: .openai,
                    baseURL: "http://127.0.0.1:1/v1"))
            first = first ?? id
        }
        try await judging.put(
            Policy(id: .make(at: api.clock.now), mode: .single, analyzers: [try #require(first)]),
            of: api.own.organization)
        for words in ["empty", "quiet"] {
            _ = try await judging.define(normal: words, labels: ["person"], of: api.own.organization)
        }
    }

    private static func claim(_ api: TestAPI, kind: String = "judge_event") async throws -> Lease {
        while true {
            let lease = try #require(
                try await api.store.jobs.claim(kinds: [kind], limit: 1, owner: "worker 7", leaseSeconds: 60).first)
            if lease.job.organization == api.own.organization { return lease }
            _ = try await api.store.jobs.complete(lease, verdict: nil)
        }
    }

    private static func verdict(_ event: Identifier<Event>, _ api: TestAPI) -> Verdict {
        Verdict(
            id: .make(at: api.clock.now), event: event, definitionVersion: 1, analyzer: "one",
            judgement: Judgement(
                state: .normal, confidence: 0.8, labels: [], summary: "s", reason: "r", model: "m", latencySeconds: 1),
            createdAt: api.clock.now)
    }

    @Test func `jobs are listed by pages without loss or repetition, filtered, and counted`() async throws {
        try await TestAPI.with { api async throws in
            let key = api.own.keys[.viewer]
            var made: [String] = []
            for number in 0..<3 {
                let job = NewJob(
                    id: .make(at: api.clock.now), organization: api.own.organization, kind: "other",
                    priority: number == 2 ? .batch : .live)
                try await api.store.jobs.enqueue([job])
                made.append(job.id.description)
            }
            var ended: [String] = []
            for _ in 0..<2 {
                let lease = try await Self.claim(api, kind: "other")
                #expect(try await api.store.jobs.complete(lease, verdict: nil))
                ended.append(lease.job.id.description)
            }
            let waiting = try #require(made.first { !ended.contains($0) })
            var seen: [String] = []
            var path = "/v1/jobs?limit=1"
            while true {
                let page = try TestAPI.object(try await api.send(.get, path, key: key))
                seen += (page["items"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
                guard let cursor = page["next_cursor"] as? String else { break }
                path = "/v1/jobs?limit=1&cursor=\(cursor)"
            }
            // Unfinished ones first, the newest before the others; then the last that ended.
            #expect(seen == [waiting, api.own.exportJob.description, api.own.job.description] + ended.reversed())
            for (query, expected) in [
                ("state=succeeded", Array(ended.reversed())), ("state=available&kind=other", [waiting]),
                ("event_id=\(api.own.event.id)", [api.own.job.description]),
                ("camera_id=\(api.own.camera.id)", [api.own.job.description]),
                ("event_id=\(api.other.event.id)", []), ("camera_id=\(api.other.camera.id)", []),
            ] {
                let page = try TestAPI.object(try await api.send(.get, "/v1/jobs?\(query)", key: key))
                #expect(
                    (page["items"] as? [[String: Any]])?.compactMap { $0["id"] as? String } == expected, "\(query)")
            }
            for query in ["state=odd", "limit=0", "cursor=x", "event_id=7", "colour=red"] {
                #expect(
                    try await api.send(.get, "/v1/jobs?\(query)", key: key).status == .unprocessableContent, "\(query)")
            }
            let counts = try #require(
                try TestAPI.object(try await api.send(.get, "/v1/jobs/counts", key: key))["items"] as? [[String: Any]])
            #expect(
                Set(
                    counts.map {
                        "\($0["kind"] ?? "") \($0["priority"] ?? "") \($0["state"] ?? "") \($0["count"] ?? "")"
                    })
                    == [
                        "judge_event 0 available 1", "export 50 available 1", "other 100 available 1",
                        "other 0 succeeded 2",
                    ])
            #expect(counts.allSatisfy { ($0["state"] as? String == "succeeded") == ($0["oldest_seconds"] is NSNull) })
        }
    }

    @Test func `a job tells each failed run, is retried by hand with all its attempts, and not once it succeeded`()
        async throws
    {
        try await TestAPI.with { api async throws in
            let path = "/v1/jobs/\(api.own.job)"
            let key = api.own.keys[.operator]
            #expect(
                try await api.store.jobs.retry(try await Self.claim(api), error: "503 it said", delaySeconds: 0))
            let held = try await Self.claim(api)
            #expect(try await api.send(.post, path + "/retry", key: key).status == .conflict, "it runs")
            #expect(try await api.store.jobs.discard(held, error: "no such model"))
            let dead = try TestAPI.object(try await api.send(.get, path, key: key))
            #expect(dead["state"] as? String == "discarded" && dead["last_error"] as? String == "no such model")
            #expect(dead["worker"] as? String == "worker 7" && dead["attempt"] as? Int == 2)
            let failures = try #require(dead["failures"] as? [[String: Any]])
            #expect(failures.map { $0["error"] as? String } == ["503 it said", "no such model"])
            #expect(failures.map { $0["attempt"] as? Int } == [1, 2])
            #expect(failures.allSatisfy { ($0["at"] as? String ?? "").hasPrefix("20") }, "\(failures)")
            #expect(try await api.send(.post, path + "/retry", key: api.own.keys[.viewer]).status == .forbidden)
            let alive = try TestAPI.object(try await api.send(.post, path + "/retry", key: key))
            #expect(alive["state"] as? String == "available" && alive["attempt"] as? Int == 0)
            #expect((alive["failures"] as? [Any])?.isEmpty == true)
            let event = try TestAPI.object(try await api.send(.get, "/v1/events/\(api.own.event.id)", key: key))
            #expect(event["analysis"] as? String == "pending")
            #expect(
                try await api.store.jobs.complete(
                    try await Self.claim(api), verdict: Self.verdict(api.own.event.id, api)))
            #expect(try await api.send(.post, path + "/retry", key: key).status == .conflict)
            #expect(try await api.send(.post, path + "/cancel", key: key).status == .conflict)
        }
    }

    @Test func `asking again is queued once, brought forward, refused where it cannot be followed, and cancelled`()
        async throws
    {
        try await TestAPI.with { api async throws in
            try await Self.configure(api)
            let event = api.own.event.id
            let path = "/v1/events/\(event)/analyze"
            let key = api.own.keys[.operator]
            // The first judging waits: it is brought forward, and not replaced.
            let waiting = try await api.send(.post, path, key: key, "{}")
            #expect(waiting.status == .ok)
            #expect(try TestAPI.object(waiting)["id"] as? String == api.own.job.description)
            #expect(try await api.send(.post, path, key: key, #"{"analyzers": ["two"]}"#).status == .conflict)
            #expect(
                try await api.store.jobs.complete(try await Self.claim(api), verdict: Self.verdict(event, api)))
            for (body, status) in [
                (#"{"analyzers": ["three"]}"#, 404), (#"{"definition_version": 3}"#, 404),
                (#"{"policy": "consensus"}"#, 422), (#"{"analyzers": []}"#, 422), (#"{"policy": "odd"}"#, 422),
                (#"{"definition_id": "\#(event)"}"#, 404),
            ] {
                let refused = try await api.send(.post, path, key: key, body)
                #expect(Int(refused.status.code) == status, "\(body)")
            }
            let body = #"{"analyzers": ["two", "one"], "policy": "consensus", "definition_version": 1}"#
            let made = try await api.send(.post, path, key: key, body)
            #expect(made.status == .created)
            let job = try TestAPI.object(made)
            #expect(job["priority"] as? Int == 50 && job["event_id"] as? String == event.description)
            #expect(made.headers[.location] == "/v1/jobs/\(job["id"] as? String ?? "")")
            let again = try await api.send(.post, path, key: key, body)
            #expect(again.status == .ok)
            #expect(try TestAPI.object(again)["id"] as? String == job["id"] as? String)
            // A worker follows the choice.
            let lease = try await Self.claim(api)
            let payload = try #require(JudgePayload(lease.job.payload))
            let task = try await api.store.judging.task(
                for: event, as: payload.judgingChoice, of: api.own.organization)
            #expect(task.analyzers.map(\.name) == ["two", "one"] && task.policy.mode == .consensus)
            #expect(task.definition.version == 1 && task.definition.normal == "empty")
            // Cancelled while it runs: the worker's answer is refused and the event keeps what it had.
            let cancelled = try await api.send(.post, "/v1/jobs/\(lease.job.id)/cancel", key: key)
            #expect(try TestAPI.object(cancelled)["state"] as? String == "cancelled")
            #expect(try await api.store.jobs.complete(lease, verdict: Self.verdict(event, api)) == false)
            let shown = try TestAPI.object(try await api.send(.get, "/v1/events/\(event)", key: key))
            #expect(shown["analysis"] as? String == "done" && shown["analysis_error"] is NSNull)
            #expect(try await api.store.events.verdicts(of: event, in: api.own.organization).count == 1)
        }
    }

    @Test func `a user with grants sees and moves the jobs of granted events only`() async throws {
        try await TestAPI.with { api async throws in
            let second = Camera(
                id: .make(at: api.clock.now), organization: api.own.organization, site: Site.first, name: "yard",
                enabled: true, settings: CameraSettings(url: "rtsp://127.0.0.1/yard"), revision: 1)
            try await api.store.cameras.insert(second)
            let user = User(
                id: .make(at: api.clock.now), organization: api.own.organization, name: "narrow", role: .operator,
                grants: CameraGrants(cameras: [second.id]), createdAt: api.clock.now)
            try await api.store.access.insert(user, passwordHash: try await TestAPI.hasher.hash(TestAPI.password))
            let signedIn = try TestAPI.object(
                try await api.send(
                    .post, "/v1/auth/login", #"{"user": "narrow", "password": "\#(TestAPI.password)"}"#))
            let token = signedIn["access_token"] as? String
            for path in ["/v1/jobs", "/v1/jobs/counts"] {
                let page = try TestAPI.object(try await api.send(.get, path, key: token))
                #expect((page["items"] as? [Any])?.isEmpty == true, "\(path)")
            }
            for word in ["cancel", "retry"] {
                let response = try await api.send(.post, "/v1/jobs/\(api.own.job)/\(word)", key: token)
                #expect(response.status == .notFound)
            }
        }
    }
}
