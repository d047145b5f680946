import Domain
import PostgresKit
import TestSupport
import Testing

@testable import Store

extension TestStore {
    /// A minute after a fixed one, in whose second 7 a block of cells moved.
    static func activity(_ camera: Camera, minute: Int64 = 0, second: Int = 7, column: Int = 3) -> ActivityMinute {
        var grid = ActivityGrid()
        for row in 4..<9 { grid[column: column, row: row] = true }
        return ActivityMinute(
            camera: camera.id, organization: camera.organization, minute: 29_627_160 + minute,
            seconds: [second: grid])
    }
}

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"), .timeLimit(.minutes(10)))
struct ActivityStoreTests {
    private let begin = WallTime(secondsSinceEpoch: 1_777_629_600)

    private func at(_ seconds: Double) -> WallTime { begin.advanced(bySeconds: seconds) }

    @Test func `minutes come back in order as they were added, repeated or in parts`() async throws {
        try await TestStore.with { store async throws in
            let camera = try await store.makeCamera()
            let other = try await store.makeCamera("yard")
            let activity = store.store.activity
            let minutes = [5, 0, 1, 3].map { TestStore.activity(camera, minute: $0) }
            try await activity.add(minutes + [TestStore.activity(other)])
            try await activity.add(minutes)
            try await activity.add([TestStore.activity(camera, minute: 3, second: 50, column: 30)])
            func read(_ from: Double, _ to: Double, limit: Int = 100) async throws -> [ActivityMinute] {
                try await activity.activity(
                    of: camera.id, in: camera.organization, from: at(from), to: at(to), limit: limit)
            }
            let all = try await read(0, 3600)
            var third = TestStore.activity(camera, minute: 3)
            third.formUnion(TestStore.activity(camera, minute: 3, second: 50, column: 30))
            #expect(all == [minutes[1], minutes[2], third, minutes[0]])
            #expect(try await read(59, 61).map(\.minute) == [29_627_160, 29_627_161])
            #expect(try await read(60, 180.5).map(\.minute) == [29_627_161, 29_627_163])
            #expect(try await read(0, 3600, limit: 2).count == 2)
            #expect(try await read(600, 700).isEmpty)
            let stranger = try await store.makeOrganization("other")
            #expect(
                try await activity.activity(of: camera.id, in: stranger, from: at(0), to: at(3600), limit: 9).isEmpty)
        }
    }

    @Test func `what is old goes, of every organization, and nothing else`() async throws {
        try await TestStore.with { store async throws in
            let camera = try await store.makeCamera()
            let activity = store.store.activity
            try await activity.add([0, 1, 2, 3].map { TestStore.activity(camera, minute: $0) })
            #expect(try await activity.removeActivity(before: at(120)) == 2)
            let left = try await activity.activity(
                of: camera.id, in: camera.organization, from: at(0), to: at(3600), limit: 9)
            #expect(left.map(\.minute) == [29_627_162, 29_627_163])
            #expect(try await activity.removeActivity(before: at(0)) == 0)
        }
    }

    @Test func `a minute of a camera that is not there, or of another organization, is refused`() async throws {
        try await TestStore.with { store async throws in
            let camera = try await store.makeCamera()
            var lost = camera
            lost.id = .make(at: begin)
            await #expect(throws: StoreError.self) {
                try await store.store.activity.add([TestStore.activity(lost)])
            }
            var stranger = camera
            stranger.organization = try await store.makeOrganization("other")
            await #expect(throws: StoreError.self) {
                try await store.store.activity.add([TestStore.activity(stranger)])
            }
        }
    }
}
