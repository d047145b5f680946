import Foundation
import HTTPTypes
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct EntityTagTests {
    @Test func `what was changed meanwhile is neither changed nor removed`() async throws {
        try await TestAPI.with { api async throws in
            let key = api.own.keys[.administrator]
            let users = try TestAPI.object(try await api.send(.get, "/v1/users", key: key))["items"] as? [[String: Any]]
            let user = try #require(users?.first { $0["role"] as? String == "viewer" }?["id"] as? String)
            for path in ["/v1/events/\(api.own.event.id)", "/v1/users/\(user)", "/v1/cameras/\(api.own.camera.id)"] {
                let tag = try #require(try await api.send(.get, path, key: key).headers[.eTag])
                for stale in ["\"1000000\"", "W/\(tag)", "nonsense"] {
                    for method in [HTTPRequest.Method.patch, .delete] {
                        let answer = try await api.send(method, path, key: key, headers: [.ifMatch: stale], "{}")
                        #expect(answer.status == .preconditionFailed, "\(method) \(path) \(stale)")
                    }
                }
                #expect(try await api.send(.get, path, key: key).status == .ok)
                let changed = try await api.send(
                    .patch, path, key: key, headers: [.ifMatch: "\"7\", \(tag)"], "{}")
                #expect(changed.status == .ok, "\(path)")
                let present = try #require(changed.headers[.eTag])
                let removed = try await api.send(.delete, path, key: key, headers: [.ifMatch: "\"7\", \(present)"])
                #expect(removed.status == .noContent, "\(path)")
                #expect(try await api.send(.get, path, key: key).status == .notFound)
            }
        }
    }
}
