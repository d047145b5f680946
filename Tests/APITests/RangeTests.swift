import Foundation
import Hummingbird
import HummingbirdTesting
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct RangeTests {
    @Test func `two hundred random ranges of a clip are the file's bytes`() async throws {
        try await TestAPI.with { api async throws in
            var random = SystemRandomNumberGenerator()
            let size = 123_457
            let bytes = (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            try Data(bytes).write(to: URL(fileURLWithPath: "\(api.media)/\(api.own.event.clip.path)"))
            let path = "/v1/events/\(api.own.event.id)/clip.mp4"
            let key = api.own.keys[.viewer]
            for _ in 0..<200 {
                let first = Int.random(in: 0..<size)
                let last = Int.random(in: first..<(size + 1000))
                let (range, expected): (String, ArraySlice<UInt8>) =
                    switch Int.random(in: 0..<4) {
                    case 0: ("bytes=\(first)-", bytes[first...])
                    case 1: ("bytes=-\(last - first + 1)", bytes.suffix(last - first + 1))
                    default: ("bytes=\(first)-\(last)", bytes[first...min(last, size - 1)])
                    }
                let response = try await api.send(.get, path, key: key, headers: [.range: range])
                #expect(response.status == .partialContent, "\(range)")
                #expect(Array(response.body.readableBytesView) == Array(expected), "\(range)")
                #expect(
                    response.headers[.contentRange]
                        == "bytes \(expected.startIndex)-\(expected.endIndex - 1)/\(size)", "\(range)")
            }
            for range in ["bytes=\(size)-", "bytes=-0"] {
                let response = try await api.send(.get, path, key: key, headers: [.range: range])
                #expect(response.status == .rangeNotSatisfiable, "\(range)")
            }
        }
    }
}
