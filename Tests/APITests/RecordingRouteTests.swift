import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import TestSupport
import Testing

@testable import API

/// Plans as the real one does; the bytes count up.
struct PlannedBytes: RecordingReader {
    final class File: RecordingFile {
        let plan: RecordingPlan
        let sizeBytes: Int64 = 600_000
        init(_ plan: RecordingPlan) { self.plan = plan }
        func read(at offset: Int64, count: Int) async throws(ClipError) -> [UInt8] {
            (0..<Int64(min(count, 100_000))).map { UInt8(truncatingIfNeeded: (offset + $0) / 1000) }
        }
    }
    func open(
        _ segments: [SegmentRecord], from: WallTime, to: WallTime, keepsGaps: Bool
    ) async throws -> any RecordingFile {
        File(try RecordingPlan(segments, from: from, to: to, keepsGaps: keepsGaps))
    }
}

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"), .timeLimit(.minutes(10)))
struct RecordingRouteTests {
    private static let begin = WallTime(secondsSinceEpoch: 1_777_629_600)  // 2026-05-01T10:00:00Z

    private static func segment(
        _ camera: Camera, _ from: Double, _ to: Double, run: Identifier<RecordingRun>, format: String = "f"
    ) -> SegmentRecord {
        SegmentRecord(
            id: .make(at: begin), organization: camera.organization, site: camera.site, camera: camera.id, run: run,
            startsAt: begin.advanced(bySeconds: from), endsAt: begin.advanced(bySeconds: to),
            mediaStart: MediaTime(seconds: from), mediaEnd: MediaTime(seconds: to), path: "x", sizeBytes: 1000,
            sha256: "ab", codec: .h264, widthPixels: 1920, heightPixels: 1080, videoFormat: format, audioFormat: nil,
            videoUnits: 900, hasMotion: false, isInterrupted: false)
    }

    /// Ten minutes with a gap of one, then another format.
    private static func with(_ body: @Sendable @escaping (TestAPI, String, String) async throws -> Void) async throws {
        try await TestAPI.with { api async throws in
            let camera = api.own.camera
            let runs = (0..<2).map { _ in Identifier<RecordingRun>.make(at: begin) }
            for minute in 0..<10 where minute != 4 {
                try await api.store.recordings.handOver(
                    segment(camera, Double(minute) * 60, Double(minute + 1) * 60, run: runs[0]))
            }
            try await api.store.recordings.handOver(segment(camera, 600, 660, run: runs[1], format: "g"))
            try await body(api, "/v1/cameras/\(camera.id)", try #require(api.own.keys[.viewer]))
        }
    }

    @Test func `spans are listed with gaps, page by page`() async throws {
        try await Self.with { api, camera, key async throws in
            let range = "from=2026-05-01T09:59:00Z&to=2026-05-01T10:20:00Z"
            let page = try TestAPI.object(try await api.send(.get, "\(camera)/recordings?\(range)&limit=2", key: key))
            let items = try #require(page["items"] as? [[String: Any]])
            #expect(
                items.map { $0["starts_at"] as? String } == ["2026-05-01T10:00:00.000Z", "2026-05-01T10:05:00.000Z"])
            #expect(items.map { $0["ends_at"] as? String } == ["2026-05-01T10:04:00.000Z", "2026-05-01T10:10:00.000Z"])
            #expect(items.map { $0["gap_before_seconds"] as? Double } == [60, 60])
            #expect(items.map { $0["duration_seconds"] as? Double } == [240, 300])
            let cursor = try #require(page["next_cursor"] as? String)
            let rest = try TestAPI.object(
                try await api.send(.get, "\(camera)/recordings?\(range)&cursor=\(cursor)", key: key))
            let others = try #require(rest["items"] as? [[String: Any]])
            #expect(others.map { $0["starts_at"] as? String } == ["2026-05-01T10:10:00.000Z"])
            #expect(others.first?["gap_before_seconds"] as? Double == 0 && rest["next_cursor"] is NSNull)
            // What a span says of itself can be asked for.
            let url = try #require(items.first?["url"] as? String)
            #expect(try await api.send(.get, url, key: key).status == .ok)
            for query in [
                "from=x", "limit=0", "to=2026-05-01T10:00:00Z&from=2026-05-01T11:00:00Z", "cursor=x", "y=1",
                "from=2026-01-01T10:00:00Z&to=2026-05-01T11:00:00Z",
            ] {
                let response = try await api.send(.get, "\(camera)/recordings?\(query)", key: key)
                #expect(response.status == .unprocessableContent, "\(query)")
            }
        }
    }

    @Test func `a span is one file, whole and in parts, and tells its gaps`() async throws {
        try await Self.with { api, camera, key async throws in
            let span = "\(camera)/recording.mp4?from=2026-05-01T10:03:30Z&to=2026-05-01T10:05:30Z"
            let whole = try await api.send(.get, span, key: key)
            #expect(whole.status == .ok && whole.headers[.contentType] == "video/mp4")
            #expect(whole.body.readableBytes == 600_000)
            #expect(
                whole.headers[try #require(.init("X-Recording-Gaps"))]
                    == "2026-05-01T10:04:00.000Z/2026-05-01T10:05:00.000Z")
            #expect(whole.headers[try #require(.init("X-Recording-Duration-Seconds"))] == "60.0")
            let kept = try await api.send(.get, span + "&gaps=keep", key: key)
            #expect(kept.headers[try #require(.init("X-Recording-Duration-Seconds"))] == "120.0")
            let tag = try #require(whole.headers[.eTag])
            #expect(tag != kept.headers[.eTag])
            let part = try await api.send(
                .get, span, key: key, headers: [.range: "bytes=250000-449999", .ifRange: tag])
            #expect(part.status == .partialContent && part.headers[.contentRange] == "bytes 250000-449999/600000")
            #expect(part.body == whole.body.getSlice(at: 250_000, length: 200_000))
            let outside = try await api.send(.get, span, key: key, headers: [.range: "bytes=600000-"])
            #expect(outside.status == .rangeNotSatisfiable)
            #expect(try await api.send(.get, span, key: key, headers: [.ifNoneMatch: tag]).status == .notModified)
            let head = try await api.send(.head, span, key: key)
            #expect(head.status == .ok && head.body.readableBytes == 0)
            let download = try await api.send(.get, span + "&download=1", key: key)
            #expect(
                download.headers[.contentDisposition] == "attachment; filename=\"own-gate-2026-05-01T10-03-30Z.mp4\"")
        }
    }

    @Test func `a change of format names where to split, and nothing recorded is not found`() async throws {
        try await Self.with { api, camera, key async throws in
            let across = try await api.send(
                .get, "\(camera)/recording.mp4?from=2026-05-01T10:09:00Z&to=2026-05-01T10:11:00Z", key: key)
            #expect(across.status == .unprocessableContent)
            #expect(String(buffer: across.body).contains("2026-05-01T10:10:00.000Z"))
            for (query, status) in [
                ("from=2026-05-01T09:00:00Z&to=2026-05-01T10:00:00Z", HTTPResponse.Status.notFound),
                ("from=2026-05-01T09:00:00Z", .unprocessableContent), ("", .unprocessableContent),
                ("from=2026-05-01T10:00:00Z&to=2026-05-01T09:00:00Z", .unprocessableContent),
                ("from=2026-05-01T10:00:00Z&to=2026-05-01T16:00:01Z", .unprocessableContent),
                ("from=2026-05-01T10:00:00Z&to=2026-05-01T10:01:00Z&gaps=x", .unprocessableContent),
            ] {
                let response = try await api.send(.get, "\(camera)/recording.mp4?\(query)", key: key)
                #expect(response.status == status, "\(query)")
            }
        }
    }

    @Test func `the setting is read and changed`() async throws {
        try await TestAPI.with { api async throws in
            let path = "/v1/cameras/\(api.own.camera.id)"
            let key = api.own.keys[.administrator]
            let before = try TestAPI.object(try await api.send(.get, path, key: key))
            #expect(before["record"] as? String == "events")
            let after = try TestAPI.object(try await api.send(.patch, path, key: key, #"{"record": "continuous"}"#))
            #expect(after["record"] as? String == "continuous")
            let wrong = try await api.send(.patch, path, key: key, #"{"record": "always"}"#)
            #expect(wrong.status == .unprocessableContent)
        }
    }
}
