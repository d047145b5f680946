import Foundation
import Simulator
import Testing

extension EndToEnd {
    /// What clients other than ours read of a clip, and a live view that is watched for longer.
    @Suite(.serialized) struct PlayerTests {
        private func script(_ name: String) -> String {
            URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appendingPathComponent("EndToEnd/\(name)").path
        }

        /// Runs `body` with a camera `gate` that sends pictures, in H.264 or H.265, and a tone.
        private func withCamera(
            encoder: String, _ body: (VedetteProcess) async throws -> Void
        ) async throws {
            let folder = "/tmp/vedette-player-\(UUID().uuidString.prefix(8))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let made = try run(
                "ffmpeg",
                [
                    "-v", "error", "-f", "lavfi", "-i", "testsrc=size=640x360:rate=20", "-f", "lavfi", "-i",
                    "sine=frequency=440:sample_rate=44100",
                ] + encoder.split(separator: " ").map(String.init)
                    + ["-pix_fmt", "yuv420p", "-g", "20", "-c:a", "aac", "-t", "20", "-y", folder + "/in.mp4"])
            #expect(made.status == 0, "\(made.errors)")
            let site = SimulatedSite(
                .init(
                    port: 0, streams: [.init(name: "gate", source: .file(path: folder + "/in.mp4"))],
                    sharing: .fromStart))
            _ = try site.start()
            defer { site.stop() }
            let vedette = try VedetteProcess(
                settings: "cameras:\n  - {name: gate, url: \"\(try site.url(for: "gate"))\"}\n")
            do {
                try await vedette.start()
                try await vedette.wait("the camera to be online", seconds: 120) {
                    try await vedette.status(of: "gate")["state"] as? String == "online"
                }
                try await body(vedette)
            } catch {
                await vedette.cleanUp()
                throw error
            }
            await vedette.cleanUp()
        }

        @Test(.timeLimit(.minutes(30)))
        func `ranges of a clip are the file's bytes for curl, Chromium and ffmpeg`() async throws {
            try await withCamera(encoder: "-c:v libx264 -preset ultrafast") { vedette in
                let camera = try #require(try await vedette.items("/v1/cameras").first?["id"] as? String)
                let response = try await vedette.post("/v1/cameras/\(camera)/trigger", #"{"duration_seconds": 15}"#)
                #expect(response.status == 202, "\(String(decoding: response.body, as: UTF8.self))")
                var found: [String: Any]?
                try await vedette.wait("the event", seconds: 400) {
                    found = try await vedette.items("/v1/events?kind=api").first
                    return found != nil
                }
                let event = try #require(found)
                let clip = try #require(event["clip"] as? [String: Any])
                let bytes = try #require(clip["size_bytes"] as? Int)
                let media = vedette.dataFolder + "/media"
                let files = try #require(FileManager.default.enumerator(atPath: media))
                let file = try #require(
                    files.compactMap { $0 as? String }.map { media + "/" + $0 }.first { path in
                        path.hasSuffix(".mp4")
                            && (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int == bytes
                    })
                let checked = try run(
                    "python3",
                    [
                        script("range_check.py"), vedette.base, "--token", vedette.token, "--event",
                        try #require(event["id"] as? String), "--file", file,
                    ])
                print(checked.output)
                #expect(checked.status == 0, "\(checked.output) \(checked.errors)")
            }
        }

        /// `LIVE_SECONDS` makes it longer, `LIVE_STRICT` strict: no stall, and no later at the end than at the beginning.
        @Test(
            .timeLimit(.minutes(60)),
            arguments: ["-c:v libx264 -preset ultrafast", "-c:v libx265 -preset ultrafast -x265-params log-level=none"])
        func `the page plays a live view on and on`(encoder: String) async throws {
            try await withCamera(encoder: encoder) { vedette in
                let strict = ProcessInfo.processInfo.environment["LIVE_STRICT"] == nil ? [] : ["--strict"]
                let played = try run(
                    "python3",
                    [script("live_play.py"), vedette.base, "--token", vedette.token, "--camera", "gate"] + strict)
                print(played.output)
                #expect(played.status == 0, "\(played.output) \(played.errors)")
            }
        }
    }
}
