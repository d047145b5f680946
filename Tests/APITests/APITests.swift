import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import PostgresKit
import Store
import TestSupport
import Testing

@testable import API

/// The API over a real database, with one camera and three events whose clip is 1,000 bytes.
struct APITests {
    private static let token = "0123456789abcdef0123456789abcdef"
    private static let bearer: HTTPFields = [.authorization: "Bearer \(token)"]

    private func with(
        _ body: @Sendable @escaping (any TestClientProtocol, [EventRecord]) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database async throws in
            let logger = Logger(label: "test.api")
            let store = try await Store.open(connectionString: database.connectionString, logger: logger)
            let media = "/tmp/vedette-api-\(UUID().uuidString.prefix(8))"
            defer { try? FileManager.default.removeItem(atPath: media) }
            do {
                let records = try await Self.fill(store, media: media)
                let dependencies = TestAPI.dependencies(store, media: media, logger: logger)
                _ = try await dependencies.accounts.begin(adminToken: Self.token, organization: Organization.first)
                let router = APIRouter.make(dependencies)
                try await Application(router: router, logger: logger).test(.router) { client in
                    try await body(client, records)
                }
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }

    private static func fill(_ store: Store, media: String) async throws -> [EventRecord] {
        let base = WallTime(secondsSinceEpoch: 1_777_629_605.12)
        let camera = Camera(
            id: .make(at: base), organization: Organization.first, site: Site.first, name: "gate", enabled: true,
            settings: CameraSettings(url: "rtsp://owner:hunter2@127.0.0.1/gate"), revision: 1)
        try await store.cameras.insert(camera)
        var records: [EventRecord] = []
        for index in 0..<3 {
            let time = base.advanced(bySeconds: Double(index) * 60)
            let id = Identifier<Event>.make(at: time)
            let folder = "2026/05/01/\(id)"
            try FileManager.default.createDirectory(atPath: media + "/" + folder, withIntermediateDirectories: true)
            try Data((0..<1000).map { UInt8($0 % 251) }).write(to: URL(fileURLWithPath: "\(media)/\(folder)/clip.mp4"))
            try Data([0xff, 0xd8, 0xff]).write(to: URL(fileURLWithPath: "\(media)/\(folder)/evidence-1.jpg"))
            let record = EventRecord(
                id: id, organization: camera.organization, site: camera.site, camera: camera.id, kind: .motion,
                state: .ready, triggeredAt: time, startedAt: time, endedAt: time.advanced(bySeconds: 7), score: 0.31,
                boxes: [TimedBox(box: Box(x: 0.1, y: 0.2, width: 0.05, height: 0.2), atSeconds: 5.2)],
                clip: ClipRecord(
                    path: folder + "/clip.mp4", startsAt: time.advanced(bySeconds: -5), durationSeconds: 17.4,
                    sizeBytes: 1000, sha256: String(repeating: "ab", count: 32), codec: .h264, widthPixels: 1920,
                    heightPixels: 1080, hasAudio: false, videoUnits: 261), thumbnailPath: nil,
                evidence: [
                    EvidenceRecord(
                        path: folder + "/evidence-1.jpg", atSeconds: 5.3, widthPixels: 768, heightPixels: 432,
                        sizeBytes: 3, box: nil)
                ], continues: nil)
            try await store.events.handOver(record)
            records.append(record)
        }
        return records
    }

    private func object(_ response: TestResponse) throws -> [String: Any] {
        try #require(
            try JSONSerialization.jsonObject(with: Data(response.body.readableBytesView)) as? [String: Any])
    }

    @Test func `nothing under v1 answers without the token, and health does`() async throws {
        try await with { client, records in
            for path in [
                "/v1/me", "/v1/cameras", "/v1/events", "/v1/events/\(records[0].id)/clip.mp4", "/v1/events/stream",
            ] {
                let response = try await client.execute(uri: path, method: .get)
                #expect(response.status == .unauthorized, "\(path)")
                #expect(response.headers[.contentType] == "application/problem+json")
                #expect(try object(response)["type"] as? String == "/problems/unauthorized")
                let wrong = try await client.execute(
                    uri: path, method: .get, headers: [.authorization: "Bearer \(Self.token)x"])
                #expect(wrong.status == .unauthorized, "\(path)")
            }
            #expect(try await client.execute(uri: "/healthz", method: .get).status == .ok)
            #expect(try await client.execute(uri: "/readyz", method: .get).status == .ok)
        }
    }

    @Test func `the token in the address becomes a cookie at once, and the cookie works only from the own page`()
        async throws
    {
        try await with { client, records in
            let first = try await client.execute(uri: "/?token=\(Self.token)", method: .get)
            #expect(first.status == .seeOther && first.headers[.location] == "/")
            let cookie = try #require(first.headers[.setCookie])
            #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains(Self.token))
            let value = String(cookie.prefix { $0 != ";" })
            #expect(try await client.execute(uri: "/v1/me", method: .get, headers: [.cookie: value]).status == .ok)
            var foreign: HTTPFields = [.cookie: value]
            foreign[.secFetchSite] = "cross-site"
            let path = "/v1/events/\(records[0].id)"
            let change = ByteBuffer(string: "{\"reviewed\": true}")
            let refused = try await client.execute(uri: path, method: .patch, headers: foreign, body: change)
            #expect(refused.status == .forbidden)
            let own = try await client.execute(uri: path, method: .patch, headers: [.cookie: value], body: change)
            #expect(own.status == .ok)
        }
    }

    @Test func `an event has exactly the documented fields`() async throws {
        try await with { client, records in
            let response = try await client.execute(
                uri: "/v1/events/\(records[0].id)", method: .get, headers: Self.bearer)
            let event = try object(response)
            #expect(
                Set(event.keys) == [
                    "id", "organization_id", "site_id", "camera_id", "camera_name", "kind", "trigger_label", "state",
                    "triggered_at",
                    "started_at", "ended_at", "score", "boxes", "zones", "clip", "thumbnail_url", "evidence",
                    "continues_event_id", "analysis", "analysis_error", "verdict", "feedback", "reviewed", "starred",
                    "note",
                ])
            #expect(event["triggered_at"] as? String == "2026-05-01T10:00:05.120Z")
            #expect(event["camera_name"] as? String == "gate")
            #expect(event["note"] is NSNull && event["verdict"] is NSNull)
            let clip = try #require(event["clip"] as? [String: Any])
            #expect(
                Set(clip.keys) == [
                    "url", "starts_at", "duration_seconds", "size_bytes", "sha256", "codec", "width", "height",
                    "has_audio",
                ])
            #expect(clip["url"] as? String == "/v1/events/\(records[0].id)/clip.mp4")
        }
    }

    @Test func `lists page by cursor without loss or repetition, and refuse what they do not know`() async throws {
        try await with { client, records in
            var seen: [String] = []
            var path = "/v1/events?limit=1"
            while true {
                let page = try object(try await client.execute(uri: path, method: .get, headers: Self.bearer))
                seen += (page["items"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
                guard let cursor = page["next_cursor"] as? String else { break }
                path = "/v1/events?limit=1&cursor=\(cursor)"
            }
            #expect(seen == records.reversed().map(\.id.description))
            for query in [
                "limit=0", "limit=201", "cursor=nonsense", "colour=red", "from=yesterday", "state=odd",
                "min_confidence=2",
            ] {
                let response = try await client.execute(uri: "/v1/events?\(query)", method: .get, headers: Self.bearer)
                #expect(response.status == .unprocessableContent, "\(query)")
                #expect((try object(response)["errors"] as? [Any])?.count == 1, "\(query)")
            }
            let none = try await client.execute(
                uri: "/v1/events?camera_id=\(records[0].id)", method: .get, headers: Self.bearer)
            #expect((try object(none)["items"] as? [Any])?.isEmpty == true)
        }
    }

    @Test func `a clip is served whole and in parts`() async throws {
        try await with { client, records in
            let path = "/v1/events/\(records[0].id)/clip.mp4"
            let file = (0..<1000).map { UInt8($0 % 251) }
            func get(_ range: String?) async throws -> TestResponse {
                var headers = Self.bearer
                if let range { headers[.range] = range }
                return try await client.execute(uri: path, method: .get, headers: headers)
            }
            let whole = try await get(nil)
            #expect(whole.status == .ok && Array(whole.body.readableBytesView) == file)
            #expect(whole.headers[.acceptRanges] == "bytes" && whole.headers[.contentType] == "video/mp4")
            for (range, bytes) in [
                ("bytes=0-0", 0..<1), ("bytes=10-19", 10..<20), ("bytes=990-", 990..<1000), ("bytes=-5", 995..<1000),
                ("bytes=0-5000", 0..<1000),
            ] {
                let part = try await get(range)
                #expect(part.status == .partialContent, "\(range)")
                #expect(Array(part.body.readableBytesView) == Array(file[bytes]), "\(range)")
                #expect(part.headers[.contentRange] == "bytes \(bytes.lowerBound)-\(bytes.upperBound - 1)/1000")
            }
            let beyond = try await get("bytes=1000-")
            #expect(beyond.status == .rangeNotSatisfiable && beyond.headers[.contentRange] == "bytes */1000")
            var same = Self.bearer
            same[.ifNoneMatch] = whole.headers[.eTag]
            #expect(try await client.execute(uri: path, method: .get, headers: same).status == .notModified)
            let download = try await client.execute(uri: path + "?download=1", method: .get, headers: Self.bearer)
            #expect(download.headers[.contentDisposition] == "attachment; filename=\"gate-2026-05-01T10-00-05Z.mp4\"")
            let picture = try await client.execute(
                uri: "/v1/events/\(records[0].id)/evidence/1.jpg", method: .get, headers: Self.bearer)
            #expect(picture.status == .ok && picture.body.readableBytes == 3)
            for missing in ["evidence/2.jpg", "evidence/0.jpg", "evidence/x.jpg", "thumbnail.jpg"] {
                let response = try await client.execute(
                    uri: "/v1/events/\(records[0].id)/\(missing)", method: .get, headers: Self.bearer)
                #expect(response.status == .notFound, "\(missing)")
            }
        }
    }

    @Test func `cameras are made, changed with care and removed, and their password never comes back`() async throws {
        try await with { client, _ in
            let body = ByteBuffer(string: #"{"name": "yard", "url": "rtsp://u:s3cret@h/yard", "pre_roll_seconds": 8}"#)
            let made = try await client.execute(uri: "/v1/cameras", method: .post, headers: Self.bearer, body: body)
            #expect(made.status == .created)
            let camera = try object(made)
            #expect(camera["url"] as? String == "rtsp://u:***@h/yard")
            #expect(camera["pre_roll_seconds"] as? Double == 8)
            let path = try #require(made.headers[.location])
            let again = try await client.execute(uri: "/v1/cameras", method: .post, headers: Self.bearer, body: body)
            #expect(again.status == .conflict)
            var stale = Self.bearer
            stale[.ifMatch] = "\"99\""
            let patch = ByteBuffer(string: #"{"post_roll_seconds": 3, "url": "rtsp://u:***@h/yard"}"#)
            #expect(
                try await client.execute(uri: path, method: .patch, headers: stale, body: patch).status
                    == .preconditionFailed)
            stale[.ifMatch] = made.headers[.eTag]
            let changed = try await client.execute(uri: path, method: .patch, headers: stale, body: patch)
            #expect(changed.status == .ok)
            #expect(try object(changed)["post_roll_seconds"] as? Double == 3)
            for bad in [
                #"{"pre_roll_seconds": 99}"#, #"{"colour": 1}"#, #"{"url": "http://h"}"#, #"{"name": ""}"#, "[]", "{",
                #"{"enabled": "yes"}"#, #"{"url": "rtsp://u:***@elsewhere/yard"}"#,
            ] {
                let response = try await client.execute(
                    uri: path, method: .patch, headers: Self.bearer, body: ByteBuffer(string: bad))
                #expect(response.status == .unprocessableContent, "\(bad)")
            }
            #expect(try await client.execute(uri: path, method: .delete, headers: Self.bearer).status == .noContent)
            #expect(try await client.execute(uri: path, method: .get, headers: Self.bearer).status == .notFound)
            let list = try await client.execute(uri: "/v1/cameras", method: .get, headers: Self.bearer)
            #expect(!String(buffer: list.body).contains("hunter2"))
        }
    }

    @Test func `a small stream is analysed once its address is given, and its password never comes back`() async throws
    {
        try await with { client, records in
            let path = "/v1/cameras/\(records[0].camera)"
            func patch(_ body: String) async throws -> TestResponse {
                try await client.execute(
                    uri: path, method: .patch, headers: Self.bearer, body: ByteBuffer(string: body))
            }
            let set = try await patch(#"{"detect_url": "rtsp://u:s3cret@h/small"}"#)
            #expect(set.status == .ok && !String(buffer: set.body).contains("s3cret"))
            #expect(try object(set)["detect_url"] as? String == "rtsp://u:***@h/small")
            #expect(try object(set)["analysis"] as? String == "substream")
            let same = try await patch(#"{"detect_url": "rtsp://u:***@h/small", "analysis": "full"}"#)
            #expect(same.status == .ok && same.headers[.eTag] != set.headers[.eTag])
            #expect(try object(same)["analysis"] as? String == "full")
            for bad in [
                #"{"detect_url": "http://h"}"#, #"{"detect_url": "rtsp://u:***@elsewhere/small"}"#,
                #"{"detect_url": null, "analysis": "substream"}"#, #"{"detect_url": 7}"#,
            ] {
                #expect(try await patch(bad).status == .unprocessableContent, "\(bad)")
            }
            #expect(try await patch(#"{"analysis": "substream"}"#).status == .ok)
            let removed = try await patch(#"{"detect_url": null}"#)
            #expect(removed.status == .ok)
            #expect(try object(removed)["detect_url"] is NSNull)
            #expect(try object(removed)["analysis"] as? String == "ladder")
        }
    }

    @Test func `zones are set, read, held to the camera's revision, and refused by field`() async throws {
        try await with { client, records in
            let path = "/v1/cameras/\(records[0].camera)/zones"
            let none = try await client.execute(uri: path, method: .get, headers: Self.bearer)
            #expect(String(buffer: none.body) == #"{"zones":[]}"#)
            var headers = Self.bearer
            headers[.ifMatch] = try #require(none.headers[.eTag])
            let body = ByteBuffer(
                string: #"""
                    {"zones": [{"name": "drive", "points": [[0.1, 0.5], [0.9, 0.5], [1, 1]], "sensitivity": 0.7},
                    {"name": "tree", "kind": "exclude", "points": [[0, 0], [1, 0], [1, 0.4]], "minimum_area": null}]}
                    """#)
            let set = try await client.execute(uri: path, method: .put, headers: headers, body: body)
            #expect(set.status == .ok && set.headers[.eTag] != none.headers[.eTag])
            let read = try await client.execute(uri: path, method: .get, headers: Self.bearer)
            #expect(read.body == set.body && read.headers[.eTag] == set.headers[.eTag])
            let zones = try #require(try object(read)["zones"] as? [[String: Any]])
            #expect(zones.map { $0["kind"] as? String } == ["include", "exclude"])
            #expect(zones[0]["points"] as? [[Double]] == [[0.1, 0.5], [0.9, 0.5], [1, 1]])
            #expect(zones[0]["sensitivity"] as? Double == 0.7 && zones[1]["minimum_area"] is NSNull)
            #expect(
                try await client.execute(uri: path, method: .put, headers: headers, body: body).status
                    == .preconditionFailed)
            let triangle = #""points": [[0, 0], [1, 0], [1, 1]]"#
            for (bad, field) in [
                (#"{}"#, "zones"), (#"{"zones": {}}"#, "zones"), (#"{"zones": [7]}"#, "zones[0]"),
                (#"{"zones": [null]}"#, "zones[0]"), (#"{"zones": [{\#(triangle)}]}"#, "zones[0].name"),
                (#"{"zones": [{"name": "a"}]}"#, "zones[0].points"),
                (#"{"zones": [{"name": "a", "points": [[0, 0], [1, 1], [1, 0], [0, 1]]}]}"#, "zones[0].points"),
                (#"{"zones": [{"name": "a", "points": [[0, 0], [1, "x"], [1, 0]]}]}"#, "zones[0].points"),
                (#"{"zones": [{"name": "a", \#(triangle)}, {"name": "a", \#(triangle)}]}"#, "zones[1].name"),
                (#"{"zones": [{"name": "a", \#(triangle), "sensitivity": 2}]}"#, "zones[0].sensitivity"),
                (#"{"zones": [{"name": "a", \#(triangle), "colour": 1}]}"#, "zones[0].colour"),
                (#"{"zones": [{"name": "a", "kind": "maybe", \#(triangle)}]}"#, "zones[0].kind"),
            ] {
                let response = try await client.execute(
                    uri: path, method: .put, headers: Self.bearer, body: ByteBuffer(string: bad))
                #expect(response.status == .unprocessableContent, "\(bad)")
                let errors = try object(response)["errors"] as? [[String: String]]
                #expect(errors?.contains { $0["field"] == field } == true, "\(bad): \(String(buffer: response.body))")
            }
            // Other settings leave them alone.
            let patched = try await client.execute(
                uri: "/v1/cameras/\(records[0].camera)", method: .patch, headers: Self.bearer,
                body: ByteBuffer(string: #"{"post_roll_seconds": 4}"#))
            #expect(patched.status == .ok)
            let kept = try await client.execute(uri: path, method: .get, headers: Self.bearer)
            #expect(kept.body == set.body)
        }
    }

    @Test func `an outdated change of an event is refused, and one that was read goes through`() async throws {
        try await with { client, records in
            let path = "/v1/events/\(records[0].id)"
            let read = try await client.execute(uri: path, method: .get, headers: Self.bearer)
            var headers = Self.bearer
            headers[.ifMatch] = try #require(read.headers[.eTag])
            let body = ByteBuffer(string: #"{"starred": true}"#)
            let changed = try await client.execute(uri: path, method: .patch, headers: headers, body: body)
            #expect(changed.status == .ok && changed.headers[.eTag] != read.headers[.eTag])
            for tag in [headers[.ifMatch], "\"nonsense\"", "W/\"1\"", "\"9223372036854775807\""] {
                headers[.ifMatch] = tag
                let refused = try await client.execute(uri: path, method: .patch, headers: headers, body: body)
                #expect(refused.status == .preconditionFailed, "\(tag ?? "")")
            }
            headers[.ifMatch] = "*"
            #expect(try await client.execute(uri: path, method: .patch, headers: headers, body: body).status == .ok)
        }
    }

    @Test func `every answer has a request id and the security headers, and none opens the API to other sites`()
        async throws
    {
        try await with { client, records in
            var foreign = Self.bearer
            foreign[.origin] = "https://elsewhere.example"
            for (path, headers) in [
                ("/healthz", [:]), ("/docs", [:]), ("/openapi.json", [:]), ("/nowhere", [:]), ("/v1/me", [:]),
                ("/v1/me", foreign), ("/v1/events/\(records[0].id)/clip.mp4", foreign), ("/v1/events?limit=0", foreign),
            ] as [(String, HTTPFields)] {
                let response = try await client.execute(uri: path, method: .get, headers: headers)
                #expect(response.headers[.requestID] != nil, "\(path)")
                #expect(response.headers[.contentTypeOptions] == "nosniff", "\(path)")
                #expect(response.headers[.frameOptions] == "DENY", "\(path)")
                let policy = response.headers[.contentSecurityPolicy] ?? ""
                #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self';"), "\(path)")
                #expect(!policy.contains("unsafe"), "\(path)")
                #expect(!response.headers.contains { $0.name.canonicalName.hasPrefix("access-control-") }, "\(path)")
            }
            let page = String(buffer: try await client.execute(uri: "/docs", method: .get).body)
            #expect(page.contains("PATCH /v1/events/{id}") && !page.contains("://"))
        }
    }

    @Test(arguments: ["from", "to"]) func `times beyond what can be counted are refused, and the program lives on`(
        name: String
    ) async throws {
        try await with { client, _ in
            for list in ["/v1/events", "/v1/accuracy"] {
                for time in ["9983-08-08T00:36:16-00:57", "0001-01-01T00:00:00Z", "2200-01-01T00:00:00Z"] {
                    let response = try await client.execute(
                        uri: "\(list)?\(name)=\(time)", method: .get, headers: Self.bearer)
                    #expect(response.status == .unprocessableContent, "\(list) \(time)")
                    #expect(String(buffer: response.body).contains("1970 to 2199"))
                }
            }
        }
    }

    @Test func `a method that an address does not take is told from an address that is not there`() async throws {
        try await with { client, records in
            for (path, allowed) in [
                ("/healthz", "GET"), ("/v1/events", "GET"), ("/v1/events/\(records[0].id)", "DELETE, GET, PATCH"),
            ] {
                let response = try await client.execute(uri: path, method: .trace, headers: Self.bearer)
                #expect(response.status == .methodNotAllowed && response.headers[.allow] == allowed, "\(path)")
            }
            #expect(try await client.execute(uri: "/v1/nothing", method: .trace).status == .notFound)
        }
    }

    @Test func `a body that is too large is refused`() async throws {
        try await with { client, _ in
            let body = ByteBuffer(string: "{\"name\": \"" + String(repeating: "x", count: 70_000) + "\"}")
            for (path, headers) in [
                ("/v1/cameras", Self.bearer), ("/v1/auth/login", [:]), ("/v1/auth/refresh", [:]),
            ] as [(String, HTTPFields)] {
                let response = try await client.execute(uri: path, method: .post, headers: headers, body: body)
                #expect(response.status == .contentTooLarge, "\(path)")
            }
            var keyed = Self.bearer
            keyed[.idempotencyKey] = "k"
            let response = try await client.execute(uri: "/v1/cameras", method: .post, headers: keyed, body: body)
            #expect(response.status == .contentTooLarge)
        }
    }

    @Test func `the documented bounds of a camera's settings are the ones that hold`() throws {
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.bytes)) as? [String: Any])
        let schemas = (document["components"] as? [String: Any])?["schemas"] as? [String: Any]
        for name in ["Camera", "CameraCreate", "CameraPatch"] {
            let properties = (schemas?[name] as? [String: Any])?["properties"] as? [String: [String: Any]]
            for bound in CameraRules.bounds {
                let property = properties?[bound.key]
                #expect(property?["minimum"] as? Double == bound.range.lowerBound, "\(name).\(bound.key)")
                #expect(property?["maximum"] as? Double == bound.range.upperBound, "\(name).\(bound.key)")
            }
        }
    }

    @Test func `every documented call exists, and every call is documented`() async throws {
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.bytes)) as? [String: Any])
        var documented: Set<String> = []
        for (path, item) in document["paths"] as? [String: [String: Any]] ?? [:] {
            for method in item.keys where ["get", "post", "patch", "delete", "put"].contains(method) {
                documented.insert(
                    "\(method) \(path.replacing("{n}.jpg", with: "{}").replacing(/\{[a-z_]+\}/, with: "{}"))")
            }
        }
        let logger = Logger(label: "test.api")
        let store = Store(ConnectionSettings("postgresql://nobody@127.0.0.1:1/none"), logger: logger)
        let router = APIRouter.make(TestAPI.dependencies(store, media: "", logger: logger))
        let routes = Set(
            router.routes.map { route in
                let path = "\(route.path)".split(separator: "/").map {
                    $0.hasPrefix(":") || $0.hasPrefix("{") ? "{}" : $0
                }
                return "\(route.method.rawValue.lowercased()) /\(path.joined(separator: "/"))"
            }.filter { !$0.hasPrefix("head") })
        #expect(documented.subtracting(routes) == [], "documented, but not there")
        #expect(routes.subtracting(documented) == [], "there, but not documented")
    }
}

struct ByteRangeTests {
    @Test(arguments: [
        (nil, ByteRange.whole), ("bytes=0-9", .part(0...9)), ("bytes=5-", .part(5...99)), ("bytes=-10", .part(90...99)),
        ("bytes=-1000", .part(0...99)), ("bytes=99-200", .part(99...99)), ("bytes=100-", .unsatisfiable),
        ("bytes=-0", .unsatisfiable), ("bytes=9-5", .whole), ("bytes=a-b", .whole), ("bytes=0-1,5-6", .whole),
        ("items=0-5", .whole), ("bytes=", .whole), ("bytes=-", .whole), ("bytes=+1-5", .whole),
    ])
    func `ranges are read as RFC 9110 says`(header: String?, expected: ByteRange) {
        #expect(ByteRange.parse(header, size: 100) == expected)
    }
}
