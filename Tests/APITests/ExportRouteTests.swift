import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import PostgresKit
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct ExportRouteTests {
    private static let begin = WallTime(rfc3339: "2026-05-01T10:00:00Z") ?? WallTime(nanosecondsSinceEpoch: 0)

    private static func segment(_ camera: Camera, _ from: Double, format: String) -> SegmentRecord {
        SegmentRecord(
            id: .make(at: begin), organization: camera.organization, site: camera.site, camera: camera.id,
            run: .make(at: begin), startsAt: begin.advanced(bySeconds: from),
            endsAt: begin.advanced(bySeconds: from + 60), mediaStart: MediaTime(seconds: from),
            mediaEnd: MediaTime(seconds: from + 60), path: "x", sizeBytes: 1000, sha256: "ab", codec: .h264,
            widthPixels: 1920, heightPixels: 1080, videoFormat: format, audioFormat: nil, videoUnits: 900,
            hasMotion: false, isInterrupted: false)
    }

    @Test func `what cannot be made is refused at once, with the field`() async throws {
        try await TestAPI.with { api async throws in
            let key = api.own.keys[.operator]
            let camera = api.own.camera.id
            try await api.store.recordings.handOver(Self.segment(api.own.camera, 0, format: "f"))
            try await api.store.recordings.handOver(Self.segment(api.own.camera, 60, format: "g"))
            let span = #""camera_id": "\#(camera)", "from": "2026-05-01T10:00:00Z""#
            for (body, status, field) in [
                ("{}", 422, "camera_id"), ("{\(span)}", 422, "to"),
                ("{\(span), \"to\": \"2026-05-01T09:00:00Z\"}", 422, "to"),
                ("{\(span), \"to\": \"2026-05-01T17:00:00Z\", \"format\": \"mp4\"}", 422, "to"),
                ("{\(span), \"to\": \"2026-05-02T11:00:00Z\"}", 422, "to"),
                // Another format from 10:01 on.
                ("{\(span), \"to\": \"2026-05-01T10:02:00Z\", \"format\": \"mp4\"}", 422, "10:01:00"),
                ("{\(span), \"to\": \"2026-05-01T10:02:00Z\", \"format\": \"avi\"}", 422, "format"),
                ("{\(span), \"to\": \"2026-05-01T10:02:00Z\", \"gaps\": \"x\"}", 422, "gaps"),
                ("{\(span), \"to\": \"2026-05-01T10:02:00Z\", \"colour\": \"x\"}", 422, "colour"),
                (
                    #"{"camera_id": "\#(camera)", "from": "2020-05-01T10:00:00Z", "to": "2020-05-01T11:00:00Z"}"#, 404,
                    "nothing"
                ),
                (#"{"event_ids": []}"#, 422, "event_ids"), (#"{"event_ids": ["x"]}"#, 422, "event_ids"),
                (#"{"event_ids": ["\#(api.own.event.id)", "\#(api.own.event.id)"]}"#, 422, "event_ids"),
                (#"{"event_ids": ["\#(api.own.event.id)"], "camera_id": "\#(camera)"}"#, 422, "camera_id"),
                (#"{"event_ids": ["\#(api.other.event.id)"]}"#, 422, "event_ids"),
                (
                    #"{"camera_id": "\#(api.other.camera.id)", "from": "2026-05-01T10:00:00Z", "to": "2026-05-01T11:00:00Z"}"#,
                    422, "camera_id"
                ),
            ] {
                let response = try await api.send(.post, "/v1/exports", key: key, body)
                #expect(response.status.code == status, "\(body): \(String(buffer: response.body))")
                #expect(String(buffer: response.body).contains(field), "\(body): \(String(buffer: response.body))")
            }
            for body in [
                "{\(span), \"to\": \"2026-05-01T10:01:00Z\", \"format\": \"mp4\"}",
                "{\(span), \"to\": \"2026-05-01T10:02:00Z\"}", #"{"event_ids": ["\#(api.own.event.id)"]}"#,
            ] {
                let response = try await api.send(.post, "/v1/exports", key: key, body)
                #expect(response.status == .created, "\(String(buffer: response.body))")
                let made = try TestAPI.object(response)
                #expect(made["state"] as? String == "pending" && made["url"] is NSNull)
                let location = try #require(response.headers[.location])
                let found = try TestAPI.object(try await api.send(.get, location, key: key))
                #expect(found["id"] as? String == made["id"] as? String && found["author"] as? String == "operator key")
                #expect(try await api.send(.get, location + "/download", key: key).status == .notFound)
            }
        }
    }

    @Test func `a finished file is sent whole and in parts until it expires or is deleted`() async throws {
        try await TestAPI.with { api async throws in
            let key = api.own.keys[.operator]
            let export = try #require(try await api.store.exports.begin(api.own.export, of: api.own.organization))
            let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
            let name = "\(export.id).zip"
            try Data(bytes).write(to: URL(fileURLWithPath: api.media + "/" + name))
            var manifest = ExportManifest(of: export, madeAt: api.clock.now)
            manifest.missing = [.init(what: "event x", reason: "gone")]
            #expect(
                try await api.store.exports.finish(
                    export.id, of: export.organization,
                    .init(file: name, sizeBytes: 5000, sha256: "abc", manifest: manifest), keepSeconds: 3600))
            let path = "/v1/exports/\(export.id)"
            let shown = try TestAPI.object(try await api.send(.get, path, key: key))
            #expect(shown["state"] as? String == "ready" && shown["sha256"] as? String == "abc")
            #expect(
                (shown["manifest"] as? [String: Any])?["missing"] as? [[String: String]] == [
                    ["what": "event x", "reason": "gone"]
                ])
            let listed = try TestAPI.object(try await api.send(.get, "/v1/exports?state=ready", key: key))
            #expect((listed["items"] as? [[String: Any]])?.first?["manifest"] == nil)
            let url = try #require(shown["url"] as? String)
            let whole = try await api.send(.get, url, key: key)
            #expect(whole.status == .ok && whole.headers[.contentType] == "application/zip")
            #expect(Array(whole.body.readableBytesView) == bytes)
            #expect(whole.headers[.contentDisposition]?.hasPrefix("attachment; filename=\"vedette-") ?? false)
            let part = try await api.send(.get, url, key: key, headers: [.range: "bytes=1000-1999"])
            #expect(part.status == .partialContent && Array(part.body.readableBytesView) == Array(bytes[1000..<2000]))
            for (other, status) in [
                (api.own.keys[.viewer], HTTPResponse.Status.forbidden), (api.other.keys[.administrator], .notFound),
            ] {
                #expect(try await api.send(.get, url, key: other).status == status)
            }
            api.clock.advance(3601)
            #expect(try await api.send(.get, url, key: key).status == .notFound)
            #expect(try await api.send(.delete, path, key: key).status == .noContent)
            #expect(!FileManager.default.fileExists(atPath: api.media + "/" + name))
            #expect(try await api.send(.get, path, key: key).status == .notFound)
        }
    }

    @Test func `a user with grants sees the exports that show no other camera`() async throws {
        try await TestAPI.with { api async throws in
            let second = Camera(
                id: .make(at: api.clock.now), organization: api.own.organization, site: Site.first, name: "yard",
                enabled: true, settings: CameraSettings(url: "rtsp://127.0.0.1/yard"), revision: 1)
            try await api.store.cameras.insert(second)
            let both = Export(
                id: .make(at: api.clock.now), organization: api.own.organization, content: .events([api.own.event.id]),
                format: .zip, keepsGaps: false, cameras: [api.own.camera.id, second.id], author: "x",
                job: .make(at: api.clock.now), createdAt: api.clock.now)
            try await api.store.exports.insert(both)
            let user = User(
                id: .make(at: api.clock.now), organization: api.own.organization, name: "narrow", role: .operator,
                grants: CameraGrants(cameras: [api.own.camera.id]), createdAt: api.clock.now)
            try await api.store.access.insert(user, passwordHash: try await TestAPI.hasher.hash(TestAPI.password))
            let signedIn = try TestAPI.object(
                try await api.send(
                    .post, "/v1/auth/login", #"{"user": "narrow", "password": "\#(TestAPI.password)"}"#))
            let token = signedIn["access_token"] as? String
            let listed = try TestAPI.object(try await api.send(.get, "/v1/exports", key: token))
            #expect(
                (listed["items"] as? [[String: Any]])?.map { $0["id"] as? String } == [api.own.export.description])
            for method in [HTTPRequest.Method.get, .delete] {
                #expect(try await api.send(method, "/v1/exports/\(both.id)", key: token).status == .notFound)
            }
            let hidden = try await api.send(
                .post, "/v1/exports", key: token,
                #"{"camera_id": "\#(second.id)", "from": "2026-05-01T10:00:00Z", "to": "2026-05-01T11:00:00Z"}"#)
            #expect(hidden.status == .unprocessableContent)
        }
    }
}
