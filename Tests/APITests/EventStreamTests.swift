import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct EventStreamTests {
    /// The hub of another process, whose clients were elsewhere before.
    private func hub(_ api: TestAPI) -> EventHub {
        EventHub(events: api.store.events, logger: Logger(label: "test.stream"))
    }

    private func reader(
        _ api: TestAPI, _ hub: EventHub, _ tenant: TestAPI.Tenant, grants: CameraGrants? = nil, role: Role = .viewer
    ) async throws -> EventReader {
        let key = try #require(tenant.keys[role])
        return EventReader(
            hub: hub, accounts: api.accounts, principal: try #require(try await api.accounts.principal(of: key)),
            credential: .secret(key), grants: grants, started: EventHub.text(of: api.clock.now))
    }

    private func annotate(_ api: TestAPI, _ event: EventRecord) async throws {
        try await api.store.events.annotate(
            event.id, of: event.organization, reviewed: true, starred: nil, note: nil)
    }

    @Test func `who was away is told what changed and what went, of its own organization only`() async throws {
        try await TestAPI.with { api async throws in
            let gone = try await TestAPI.event(
                api.own.camera, api.store, "/tmp/vedette-api-none-\(UUID())", api.clock.now)
            let hub = hub(api)
            let left = EventHub.text(of: api.clock.now)
            try await annotate(api, api.own.event)
            try await annotate(api, api.other.event)
            _ = try await api.store.events.beginDeleting(gone.id, of: gone.organization)
            try await api.store.events.finishDeleting(gone.id, of: gone.organization)
            let missed = try #require(
                try await hub.missed(since: left, of: api.own.organization, now: api.clock.now))
            var seen: [String] = []
            let reader = try await reader(api, hub, api.own)
            for await text in reader.texts(missed: missed, messages: hub.subscribe()).prefix(3) { seen.append(text) }
            #expect(seen[0].contains("event: hello") && !seen[0].contains("\nid:"))
            #expect(seen[1].contains("event: event\n") && seen[1].contains("\"id\":\"\(api.own.event.id)\""))
            #expect(seen[1].contains("\"reviewed\":true"))
            #expect(seen[2].contains("event: deleted\n") && seen[2].contains(gone.id.description))
            #expect(!seen.joined().contains(api.other.event.id.description))
        }
    }

    @Test func `every message's id resumes behind it`() async throws {
        try await TestAPI.with { api async throws in
            let hub = hub(api)
            let change = try #require(
                try await api.store.events.changes(
                    since: api.clock.now.advanced(bySeconds: -60), of: api.own.organization, limit: 10
                ).last)
            let text = try await hub.message(for: change).text
            let id = try #require(text.split(separator: "\n").first { $0.hasPrefix("id: ") }?.dropFirst(4))
            let again = try #require(
                try await hub.missed(since: String(id), of: api.own.organization, now: api.clock.now))
            #expect(again.contains(change), "the overlap tells it again")
        }
    }

    @Test(arguments: ["nonsense", "0", "-5", "1000000", "99999999999999999", "9223372036854775807"])
    func `an id that cannot be resumed from resets the client`(id: String) async throws {
        try await TestAPI.with { api async throws in
            let hub = hub(api)
            #expect(try await hub.missed(since: id, of: api.own.organization, now: api.clock.now) == nil)
            var seen: [String] = []
            let reader = try await reader(api, hub, api.own)
            for await text in reader.texts(missed: nil, messages: hub.subscribe()).prefix(2) { seen.append(text) }
            #expect(seen[0].contains("event: hello\nid: ") && seen[1].hasPrefix("event: reset"))
        }
    }

    @Test func `live changes reach the readers of their organization, and those with grants only theirs`() async throws
    {
        try await TestAPI.with { api async throws in
            let hub = hub(api)
            let hidden = try await reader(api, hub, api.own, grants: CameraGrants())
            let reader = try await reader(api, hub, api.own)
            let (first, second) = (hub.subscribe(), hub.subscribe())
            try await withThrowingTaskGroup(of: [String].self) { group in
                group.addTask {
                    var seen: [String] = []
                    for await text in reader.texts(missed: [], messages: first).prefix(2) { seen.append(text) }
                    return seen
                }
                group.addTask {
                    // Goes by the deletion, which everybody of the organization is told.
                    var seen: [String] = []
                    for await text in hidden.texts(missed: [], messages: second).prefix(2) { seen.append(text) }
                    return seen
                }
                for record in [api.other.event, api.own.event] {
                    hub.broadcast(
                        try await hub.message(
                            for: EventChange(
                                kind: .updated, event: record.id, organization: record.organization, at: api.clock.now))
                    )
                }
                hub.broadcast(
                    try await hub.message(
                        for: EventChange(
                            kind: .deleted, event: api.own.event.id, organization: api.own.organization,
                            at: api.clock.now)))
                var ends: [String] = []
                for try await seen in group { ends.append(seen.last ?? "") }
                #expect(ends.contains { $0.contains("event: event\n") && $0.contains(api.own.event.id.description) })
                #expect(ends.contains { $0.contains("event: deleted\n") })
            }
        }
    }

    @Test func `a reader that does not read is cut, and the others are not`() async throws {
        try await TestAPI.with { api async throws in
            let hub = hub(api)
            let slow = hub.subscribe()
            let change = EventChange(
                kind: .deleted, event: api.own.event.id, organization: api.own.organization, at: api.clock.now)
            let message = try await hub.message(for: change)
            for _ in 0..<300 { hub.broadcast(message) }
            let quick = hub.subscribe()
            hub.broadcast(message)
            var count = 0
            for await _ in slow { count += 1 }
            #expect(count == 256, "it ends after what it had room for")
            for await got in quick {
                #expect(got.text == message.text)
                break
            }
        }
    }

    @Test func `one key has so many streams and no more, and a stream that ends makes room`() async throws {
        try await TestAPI.with { api async throws in
            let hub = hub(api)
            let actor = Principal.Actor.key(.make(at: api.clock.now))
            var streams: [AsyncStream<EventHub.Message>] = []
            while let stream = hub.subscribe(for: actor) { streams.append(stream) }
            #expect(streams.count == EventHub.mostStreams)
            #expect(hub.subscribe(for: .key(.make(at: api.clock.now))) != nil)
            streams.removeLast()
            #expect(hub.subscribe(for: actor) != nil)
        }
    }
}
