import Domain
import TestSupport
import Testing

@testable import Store

/// `DELETE` with `If-Match`: what somebody has changed since it was read stays.
@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct ConditionalDeleteTests {
    private let organization = Organization.first

    /// `delete` at the stored revision less one is refused and leaves the thing there; at the stored one it goes.
    private func check(_ delete: (Int64) async throws -> Void, stored revision: Int64) async throws {
        let error = await #expect(throws: StoreError.self) { try await delete(revision - 1) }
        guard case .conflict? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        try await delete(revision)
        let gone = await #expect(throws: StoreError.self) { try await delete(revision) }
        guard case .notFound? = gone else {
            Issue.record("\(String(describing: gone))")
            return
        }
    }

    @Test func `a camera`() async throws {
        try await TestStore.with { test async throws in
            let cameras = test.store.cameras
            let camera = try await test.makeCamera()
            let revision = try await cameras.update(camera)
            try await check({ try await cameras.delete(camera.id, of: organization, ifRevision: $0) }, stored: revision)
        }
    }

    @Test func `a policy, then its analyzer`() async throws {
        try await TestStore.with { test async throws in
            let judges = test.store.judges
            let camera = try await test.makeCamera()
            let analyzer = Analyzer(
                id: .make(at: .now), organization: organization, name: "vlm", kind: .openai,
                baseURL: "http://127.0.0.1/v1", model: "m")
            try await judges.insert(analyzer)
            let id = Identifier<Policy>.make(at: .now)
            try await judges.insert(
                StoredPolicy(
                    policy: Policy(id: id, mode: .single, analyzers: [analyzer.id]), organization: organization,
                    name: "gate", place: .camera(camera.id), revision: 1))
            let revision = try await judges.update(try await judges.policy(id, of: organization))
            try await check({ try await judges.deletePolicy(id, of: organization, ifRevision: $0) }, stored: revision)
            let changed = try await judges.update(try await judges.analyzer(analyzer.id, of: organization))
            try await check(
                { try await judges.deleteAnalyzer(analyzer.id, of: organization, ifRevision: $0) }, stored: changed)
        }
    }

    @Test func `a user`() async throws {
        try await TestStore.with { test async throws in
            let access = test.store.access
            let user = User(
                id: .make(at: .now), organization: organization, name: "anna", role: .viewer, createdAt: .now)
            try await access.insert(
                User(
                    id: .make(at: .now), organization: organization, name: "root", role: .administrator,
                    createdAt: .now), passwordHash: "x")
            try await access.insert(user, passwordHash: "x")
            let revision = try await access.update(
                try await access.user(user.id, of: organization), passwordHash: nil)
            try await check({ try await access.delete(user.id, of: organization, ifRevision: $0) }, stored: revision)
        }
    }
}
