import Domain
import PostgresKit
import TestSupport
import Testing

@testable import Store

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct ExportStoreTests {
    private static func with(_ body: (TestStore, Export) async throws -> Void) async throws {
        try await TestStore.with { store async throws in
            let record = TestStore.record(try await store.makeCamera())
            try await store.store.events.handOver(record)
            let export = TestStore.export(of: record)
            try await store.store.exports.insert(export)
            try await body(store, export)
        }
    }

    private static func result(_ export: Export, _ file: String) -> Export.Result {
        Export.Result(
            file: file, sizeBytes: 7, sha256: "ab", manifest: ExportManifest(of: export, madeAt: export.createdAt))
    }

    private static func claim(_ store: TestStore) async throws -> Lease {
        try #require(
            try await store.store.jobs.claim(kinds: ["export"], limit: 1, owner: "x", leaseSeconds: 60).first)
    }

    @Test func `an export is begun, told of, finished once and expires`() async throws {
        try await Self.with { store, export async throws in
            let exports = store.store.exports
            let organization = export.organization
            let lease = try await Self.claim(store)
            #expect(lease.job.id == export.job && lease.job.payload.contains(export.id.description))
            #expect(try await exports.begin(export.id, of: organization)?.state == .running)
            #expect(try await exports.progress(export.id, of: organization, fraction: 0.5))
            #expect(try await exports.export(export.id, of: organization).progress == 0.5)
            let result = Self.result(export, "one.zip")
            #expect(try await exports.finish(export.id, of: organization, result, keepSeconds: 60))
            // A second worker, which lost its lease, changes nothing.
            #expect(
                try await !exports.finish(
                    export.id, of: organization, Self.result(export, "two.zip"), keepSeconds: 60))
            #expect(try await exports.begin(export.id, of: organization) == nil)
            let ready = try await exports.export(export.id, of: organization)
            #expect(ready.state == .ready && ready.result == result && ready.content == export.content)
            #expect(try await exports.tidy(at: .now) == ["one.zip"])
            #expect(try await exports.tidy(at: .now.advanced(bySeconds: 61)) == [])
            let expired = try await exports.export(export.id, of: organization)
            #expect(expired.state == .expired && expired.result == nil)
            #expect(try await exports.tidy(at: .now.advanced(bySeconds: 62 + ExportRules.memorySeconds)) == [])
            await #expect(throws: StoreError.self) { try await exports.export(export.id, of: organization) }
        }
    }

    @Test func `a job that is given up, cancelled or tried again takes its export along`() async throws {
        try await Self.with { store, export async throws in
            let (exports, jobs) = (store.store.exports, store.store.jobs)
            func now() async throws -> Export { try await exports.export(export.id, of: export.organization) }
            let first = try await Self.claim(store)
            _ = try await exports.begin(export.id, of: export.organization)
            #expect(try await jobs.retry(first, error: "once", delaySeconds: 0))
            #expect(try await now().state == .pending)
            let second = try await Self.claim(store)
            _ = try await exports.begin(export.id, of: export.organization)
            #expect(try await jobs.discard(second, error: "no place"))
            #expect(try await now().state == .failed)
            #expect(try await now().error == "no place")
            #expect(try await jobs.revive(export.job, of: export.organization))
            #expect(try await now().state == .pending)
            #expect(try await now().error == nil)
            _ = try await Self.claim(store)
            _ = try await exports.begin(export.id, of: export.organization)
            #expect(try await jobs.cancel(export.job, of: export.organization))
            #expect(try await now().state == .cancelled)
            // Whoever still makes it hears so.
            #expect(try await !exports.progress(export.id, of: export.organization, fraction: 0.9))
        }
    }

    @Test func `a lease that runs out for the last time fails the export`() async throws {
        try await Self.with { store, export async throws in
            try await store.pool.query("UPDATE jobs SET max_attempts = 1 WHERE id = $1", [.id(export.job)])
            _ = try await store.store.jobs.claim(kinds: ["export"], limit: 1, owner: "x", leaseSeconds: 0)
            _ = try await store.store.exports.begin(export.id, of: export.organization)
            #expect(try await store.store.jobs.claim(kinds: ["export"], limit: 1, owner: "y", leaseSeconds: 1).isEmpty)
            let failed = try await store.store.exports.export(export.id, of: export.organization)
            #expect(failed.state == .failed && failed.error?.contains("lease") ?? false)
        }
    }

    @Test func `deleting ends the job, and too many at once are refused`() async throws {
        try await Self.with { store, export async throws in
            let exports = store.store.exports
            for _ in 1..<ExportRules.mostUnfinished {
                var another = export
                another.id = .make(at: .now)
                another.job = .make(at: .now)
                try await exports.insert(another)
            }
            var another = export
            another.id = .make(at: .now)
            another.job = .make(at: .now)
            await #expect(throws: StoreError.self) { try await exports.insert(another) }
            #expect(try await exports.delete(export.id, of: export.organization) == nil)
            await #expect(throws: StoreError.self) { try await exports.delete(export.id, of: export.organization) }
            #expect(try await store.store.desk.job(export.job, of: export.organization).job.state == .cancelled)
            try await exports.insert(another)
            let listed = try await exports.exports(of: export.organization, state: .pending, after: nil, limit: 200)
            #expect(listed.count == ExportRules.mostUnfinished)
            #expect(listed.map(\.id) == listed.map(\.id).sorted(by: >))
            let rest = try await exports.exports(
                of: export.organization, state: nil, after: listed[4].id, limit: 3)
            #expect(rest.map(\.id) == listed[5..<8].map(\.id))
        }
    }
}
