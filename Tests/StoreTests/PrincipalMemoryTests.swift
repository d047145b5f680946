import Domain
import PostgresKit
import Synchronization
import TestSupport
import Testing

@testable import Store

/// What is remembered of who shows a secret never outlives a change.
@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct PrincipalMemoryTests {
    private let organization = Organization.first
    private let now = WallTime.now

    /// Nothing runs out while a test runs.
    private static let ever = Duration.seconds(3600)

    private func key(_ name: String = "program", endsAt: WallTime? = nil) -> APIKey {
        APIKey(
            id: .make(at: now), organization: organization, name: name, prefix: "vdk_ab", role: .viewer,
            createdAt: now, expiresAt: endsAt)
    }

    private func hash(_ number: UInt8) -> [UInt8] { [UInt8](repeating: number, count: 32) }

    private func store(_ test: TestStore) -> PostgresAccessStore {
        PostgresAccessStore(pool: test.pool, memory: PrincipalMemory(listener: test.listener, longest: Self.ever))
    }

    /// A user with a session.
    private func signIn(_ name: String, _ access: PostgresAccessStore, _ first: UInt8) async throws -> (
        user: User, session: Principal, tokens: SessionTokens
    ) {
        let user = User(id: .make(at: now), organization: organization, name: name, role: .operator, createdAt: now)
        try await access.insert(user, passwordHash: "x")
        let tokens = tokens(first)
        let session = try await access.openSession(
            for: Principal(
                actor: .user(user.id), organization: organization, name: name, role: .operator, isRestricted: false),
            tokens: tokens, at: now)
        return (try await access.user(user.id, of: organization), session, tokens)
    }

    private func tokens(_ first: UInt8) -> SessionTokens {
        SessionTokens(
            accessHash: hash(first), accessExpiresAt: now.advanced(bySeconds: 3600), refreshHash: hash(first + 1),
            refreshExpiresAt: now.advanced(bySeconds: 7200))
    }

    private func known(_ name: String) -> PrincipalMemory.Known {
        PrincipalMemory.Known(
            principal: Principal(
                actor: .key(.make(at: now)), organization: organization, name: name, role: .viewer, isRestricted: false),
            endsAt: nil)
    }

    /// A memory that already hears the database.
    private func memory(_ test: TestStore) async throws -> PrincipalMemory {
        let memory = PrincipalMemory(listener: test.listener, longest: Self.ever)
        _ = try await memory.known("nobody's") { nil }
        return memory
    }

    @Test func `a secret is looked up once, and again after what was known is forgotten`() async throws {
        try await TestStore.with { test async throws in
            let memory = try await memory(test)
            let reads = Mutex(0)
            func ask() async throws -> String? {
                try await memory.known("secret") {
                    let count = reads.withLock { count in
                        count += 1
                        return count
                    }
                    return known("read \(count)")
                }?.principal.name
            }
            for _ in 0..<5 { #expect(try await ask() == "read 1") }
            memory.forget()
            for _ in 0..<5 { #expect(try await ask() == "read 2") }
        }
    }

    @Test func `what was asked for before a change is not remembered after it`() async throws {
        try await TestStore.with { test async throws in
            let memory = try await memory(test)
            let old = try await memory.known("secret") {
                memory.forget()
                return known("before")
            }
            #expect(old?.principal.name == "before")
            #expect(try await memory.known("secret") { nil } == nil)
            // Nor is it that nobody has it.
            #expect(try await memory.known("secret") { known("later") }?.principal.name == "later")
        }
    }

    @Test func `a notification forgets, and one of something else does not`() async throws {
        try await TestStore.with { test async throws in
            let memory = try await memory(test)
            let items = await test.listener.subscribe()
            var heard = items.makeAsyncIterator()
            #expect(await heard.next() == .resync)
            _ = try await memory.known("secret") { known("first") }
            try await test.pool.query("SELECT pg_notify('\(Channel.cameras)', 'x')")
            #expect(await heard.next() == .notification(channel: Channel.cameras, payload: "x"))
            // All observers of one item are called before any of the next.
            try await test.pool.query("SELECT pg_notify('\(Channel.jobs)', 'x')")
            #expect(await heard.next() == .notification(channel: Channel.jobs, payload: "x"))
            #expect(try await memory.known("secret") { known("second") }?.principal.name == "first")
            try await test.pool.query("SELECT pg_notify('\(Channel.access)', '')")
            #expect(await heard.next() == .notification(channel: Channel.access, payload: ""))
            try await test.pool.query("SELECT pg_notify('\(Channel.jobs)', 'y')")
            #expect(await heard.next() == .notification(channel: Channel.jobs, payload: "y"))
            #expect(try await memory.known("secret") { known("second") }?.principal.name == "second")
        }
    }

    @Test func `whatever takes a way in away counts at once, and the others are told`() async throws {
        try await TestStore.with { test async throws in
            let access = store(test)
            let items = await test.listener.subscribe()
            var heard = items.makeAsyncIterator()
            #expect(await heard.next() == .resync)
            let told = Listener.Item.notification(channel: Channel.access, payload: "")
            let root = User(
                id: .make(at: now), organization: organization, name: "root", role: .administrator, createdAt: now)
            try await access.insert(root, passwordHash: "x")

            let revoked = key("revoked")
            try await access.insert(revoked, hash: hash(1))
            #expect(try await access.principal(keyHash: hash(1), at: now)?.name == "revoked")
            try await access.revoke(revoked.id, of: organization)
            #expect(try await access.principal(keyHash: hash(1), at: now) == nil)
            #expect(await heard.next() == told)

            try await access.put(key("replaced"), hash: hash(2))
            #expect(try await access.principal(keyHash: hash(2), at: now) != nil)
            try await access.put(key("replaced"), hash: hash(3))
            #expect(try await access.principal(keyHash: hash(2), at: now) == nil)
            #expect(try await access.principal(keyHash: hash(3), at: now) != nil)
            #expect(await heard.next() == told)

            let anna = try await signIn("anna", access, 10)
            #expect(try await access.principal(accessHash: anna.tokens.accessHash, at: now)?.role == .operator)
            var lesser = anna.user
            lesser.role = .viewer
            _ = try await access.update(lesser, passwordHash: nil)
            #expect(try await access.principal(accessHash: anna.tokens.accessHash, at: now) == nil)
            #expect(await heard.next() == told)

            let bert = try await signIn("bert", access, 20)
            #expect(try await access.principal(accessHash: bert.tokens.accessHash, at: now) != nil)
            try await access.delete(bert.user.id, of: organization, ifRevision: nil)
            #expect(try await access.principal(accessHash: bert.tokens.accessHash, at: now) == nil)
            #expect(await heard.next() == told)

            let carl = try await signIn("carl", access, 30)
            #expect(try await access.principal(accessHash: carl.tokens.accessHash, at: now) != nil)
            try await access.endSession(try #require(carl.session.session), of: organization)
            #expect(try await access.principal(accessHash: carl.tokens.accessHash, at: now) == nil)
            #expect(await heard.next() == told)

            let dora = try await signIn("dora", access, 40)
            #expect(try await access.principal(accessHash: dora.tokens.accessHash, at: now) != nil)
            let next = tokens(50)
            _ = try await access.rotate(refreshHash: dora.tokens.refreshHash, to: next, at: now)
            #expect(try await access.principal(accessHash: dora.tokens.accessHash, at: now) == nil)
            #expect(try await access.principal(accessHash: next.accessHash, at: now) != nil)
            #expect(await heard.next() == told)
            // The second use of the old one ends the session.
            _ = try await access.rotate(refreshHash: dora.tokens.refreshHash, to: tokens(60), at: now)
            #expect(try await access.principal(accessHash: next.accessHash, at: now) == nil)
            #expect(await heard.next() == told)
        }
    }

    @Test func `another process refuses what this one revoked, and what runs out is refused by all`() async throws {
        try await TestStore.with { test async throws in
            let (one, other) = (test.store.access, store(test))
            let revoked = key("revoked")
            try await one.insert(revoked, hash: hash(1))
            try await one.insert(key("ends", endsAt: now.advanced(bySeconds: 60)), hash: hash(2))
            #expect(try await other.principal(keyHash: hash(1), at: now) != nil)
            #expect(try await other.principal(keyHash: hash(2), at: now) != nil)
            let items = await test.listener.subscribe()
            var heard = items.makeAsyncIterator()
            #expect(await heard.next() == .resync)
            try await one.revoke(revoked.id, of: organization)
            #expect(await heard.next() == .notification(channel: Channel.access, payload: ""))
            // So that every observer has heard the one before.
            try await test.pool.query("SELECT pg_notify('\(Channel.jobs)', 'x')")
            #expect(await heard.next() == .notification(channel: Channel.jobs, payload: "x"))
            #expect(try await other.principal(keyHash: hash(1), at: now) == nil)
            #expect(try await other.principal(keyHash: hash(2), at: now.advanced(bySeconds: 61)) == nil)
        }
    }
}
