import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"), .timeLimit(.minutes(10)))
struct ActivityRouteTests {
    /// An hour from 10:00 on: at second 5 of each minute something moves at the left, at 30 and 31 of every third at the right.
    private static func with(_ body: @Sendable @escaping (TestAPI, String, String) async throws -> Void) async throws {
        try await TestAPI.with { api async throws in
            let left = ActivityGrid(touching: Box(x: 0.1, y: 0.4, width: 0.1, height: 0.3))
            let right = ActivityGrid(touching: Box(x: 0.8, y: 0.4, width: 0.05, height: 0.1))
            try await api.store.activity.add(
                (0..<60).map { minute in
                    ActivityMinute(
                        camera: api.own.camera.id, organization: api.own.organization, minute: 29_627_160 + minute,
                        seconds: minute % 3 == 0 ? [5: left, 30: right, 31: right] : [5: left])
                })
            try await body(api, "/v1/cameras/\(api.own.camera.id)", try #require(api.own.keys[.viewer]))
        }
    }

    private static let range = "from=2026-05-01T10:00:00Z&to=2026-05-01T11:00:00Z"

    @Test func `times at which a region moved are listed, page by page`() async throws {
        try await Self.with { api, camera, key async throws in
            let region = "region=0.75,0.25,0.25,0.5"
            var path = "\(camera)/activity?\(Self.range)&\(region)&limit=8"
            var starts: [String] = []
            while true {
                let page = try TestAPI.object(try await api.send(.get, path, key: key))
                let items = try #require(page["items"] as? [[String: Any]])
                #expect(items.allSatisfy { $0["seconds"] as? Int == 2 && ($0["cells"] as? Int ?? 0) > 0 })
                starts += items.compactMap { $0["starts_at"] as? String }
                guard let cursor = page["next_cursor"] as? String else { break }
                #expect(items.count == 8)
                path = "\(camera)/activity?\(Self.range)&\(region)&limit=8&cursor=\(cursor)"
            }
            #expect(starts.count == 20 && Set(starts).count == 20 && starts == starts.sorted())
            #expect(starts.first == "2026-05-01T10:00:30.000Z" && starts.last == "2026-05-01T10:57:30.000Z")
            let whole = try TestAPI.object(
                try await api.send(.get, "\(camera)/activity?\(Self.range)&gap_seconds=30&limit=200", key: key))
            let items = try #require(whole["items"] as? [[String: Any]])
            #expect(items.count == 60 && items[0]["ends_at"] as? String == "2026-05-01T10:00:32.000Z")
            #expect(items[0]["seconds"] as? Int == 3)
            let many = try TestAPI.object(
                try await api.send(.get, "\(camera)/activity?\(Self.range)&min_cells=20", key: key))
            #expect((many["items"] as? [Any])?.count == 50 && many["next_cursor"] is String)
        }
    }

    @Test func `a heat map counts seconds, and nothing outside of the range`() async throws {
        try await Self.with { api, camera, key async throws in
            let heat = try TestAPI.object(
                try await api.send(.get, "\(camera)/activity/heatmap?\(Self.range)", key: key))
            let cells = try #require(heat["cells"] as? [Int])
            #expect(heat["columns"] as? Int == 32 && heat["rows"] as? Int == 18 && cells.count == 576)
            #expect(heat["seconds"] as? Int == 100 && cells.max() == 60)
            #expect(cells[9 * 32 + 4] == 60 && cells[8 * 32 + 26] == 40 && cells[0] == 0)
            let none = try TestAPI.object(
                try await api.send(
                    .get, "\(camera)/activity/heatmap?from=2026-05-01T12:00:00Z&to=2026-05-01T13:00:00Z", key: key))
            #expect(none["seconds"] as? Int == 0 && (none["cells"] as? [Int])?.max() == 0)
        }
    }

    @Test(arguments: [
        "region=0,0,1", "region=0,0,2,1", "region=a,b,c,d", "region=0,0,0,1", "region=0.5,0,0.6,1", "min_cells=0",
        "gap_seconds=-1", "from=2026-05-01T12:00:00Z&to=2026-05-01T12:00:00Z",
        "from=2026-01-01T12:00:00Z&to=2026-05-01T12:00:00Z", "where=here", "cursor=x",
    ])
    func `what makes no sense is refused`(query: String) async throws {
        try await TestAPI.with { api async throws in
            let response = try await api.send(
                .get, "/v1/cameras/\(api.own.camera.id)/activity?\(query)", key: api.own.keys[.viewer])
            #expect(response.status == .unprocessableContent, "\(query)")
        }
    }

    @Test func `another organization's camera has none to show`() async throws {
        try await Self.with { api, camera, _ async throws in
            for path in ["activity", "activity/heatmap"] {
                let response = try await api.send(.get, "\(camera)/\(path)", key: api.other.keys[.viewer])
                #expect(response.status == .notFound)
            }
        }
    }
}
