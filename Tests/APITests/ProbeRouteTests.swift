import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct ProbeRouteTests {
    private func object(_ response: TestResponse) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(buffer: response.body)) as? [String: Any])
    }

    @Test func `an administrator is told what an address sends, or why it cannot be watched`() async throws {
        try await TestAPI.with { api async throws in
            let key = try #require(api.own.keys[.administrator])
            let good = try await api.send(
                .post, "/v1/cameras/probe", key: key,
                "{\"url\": \"rtsp://user:hunter2@camera/gate\", \"timeout_seconds\": 4}")
            #expect(good.status == .ok)
            let found = try object(good)
            #expect(found["ok"] as? Bool == true && found["error"] is NSNull)
            #expect(found["codec"] as? String == "h265" && found["width"] as? Int == 1920)
            #expect(found["frames_per_second"] as? Double == 15 && found["measured_seconds"] as? Double == 4)
            #expect(found["picture_jpeg_base64"] as? String == "/9g=" && found["decoder"] is NSNull)
            let bad = try await api.send(
                .post, "/v1/cameras/probe", key: key, "{\"url\": \"rtsp://user:hunter2@camera/else\"}")
            let error = try #require(try object(bad)["error"] as? [String: Any])
            #expect(bad.status == .ok && error["type"] as? String == SourceError.Kind.notFound.rawValue)
            for response in [good, bad] { #expect(!String(buffer: response.body).contains("hunter2")) }
        }
    }

    @Test(arguments: [
        "{}", "{\"url\": \"http://camera/\"}", "{\"url\": \"file:///etc/passwd\"}",
        "{\"url\": \"rtsp://camera/gate\", \"timeout_seconds\": 31}",
        "{\"url\": \"rtsp://camera/gate\", \"transport\": \"http\"}",
    ])
    func `what could not be a camera's address is refused`(body: String) async throws {
        try await TestAPI.with { api async throws in
            let key = try #require(api.own.keys[.administrator])
            let response = try await api.send(.post, "/v1/cameras/probe", key: key, body)
            #expect(response.status == .unprocessableContent, "\(String(buffer: response.body))")
        }
    }
}

struct ProbePlacesTests {
    @Test func `more probes than places are refused, and a place comes back`() async throws {
        let places = ProbePlaces()
        try await places.run {
            _ = try? await places.run {
                await #expect(throws: Problem.self) { try await places.run {} }
            }
        }
        try await places.run { _ = try? await places.run {} }
        var ran = 0
        try await places.run { ran += 1 }
        #expect(ran == 1)
    }
}
