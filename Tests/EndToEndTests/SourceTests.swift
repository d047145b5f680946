import Foundation
import Simulator
import Testing

extension EndToEnd {
    /// Cameras that send other things than most, through a whole `vedette`.
    @Suite(.serialized) struct SourceTests {
        static func scene(_ name: String, codec: StreamCodec = .h264, keyframeSeconds: Int = 2) -> Scene {
            Scene(
                name: name, codec: codec, widthPixels: 320, heightPixels: 180, framesPerSecond: 10, durationSeconds: 20,
                keyframeSeconds: keyframeSeconds, actions: [.figure(8...13)])
        }

        @Test(.timeLimit(.minutes(20)))
        func `each is recorded as any other, and its status says what it sends`() async throws {
            let streams: [SimulatedSite.Stream] = [
                .init(scene: Self.scene("jpeg", codec: .mjpeg)), .init(scene: Self.scene("far", keyframeSeconds: 10)),
                .init(name: "told", source: .scene(Self.scene("told")), parameterSets: .description),
                .init(name: "shown", source: .scene(Self.scene("shown")), parameterSets: .inBand),
            ]
            let site = SimulatedSite(.init(port: 0, streams: streams))
            _ = try site.start()
            defer { site.stop() }
            try await site.ready()
            let cameras = try streams.map {
                "  - {name: \($0.name), url: \"\(try site.url(for: $0.name))\", pre_roll_seconds: 3,"
                    + " post_roll_seconds: 1}"
            }
            let vedette = try VedetteProcess(
                settings: "cameras:\n" + cameras.joined(separator: "\n")
                    + "\n  - {name: gone, url: \"v4l2:///dev/video63?format=mjpeg\"}")
            do {
                try await vedette.start()
                try await walk(vedette, names: streams.map(\.name))
            } catch {
                await vedette.cleanUp()
                throw error
            }
            await vedette.cleanUp()
        }

        private func walk(_ vedette: VedetteProcess, names: [String]) async throws {
            var events: [String: [String: Any]] = [:]
            try await vedette.wait("an event of each, with its pre-roll", seconds: 400) {
                for event in (try? await vedette.items("/v1/events")) ?? [] where event["state"] as? String == "ready" {
                    // The first figure may come before the camera was up for long enough.
                    guard let started = epoch(event["started_at"]), let name = event["camera_name"] as? String,
                        let clip = event["clip"] as? [String: Any], let begins = epoch(clip["starts_at"]),
                        started - begins >= 2.9
                    else { continue }
                    events[name] = event
                }
                return names.allSatisfy { events[$0] != nil }
            }
            for name in names {
                let status = try await vedette.status(of: name)
                #expect(status["state"] as? String == "online" && status["codec"] as? String == "h264", "\(name)")
                #expect(status["source_codec"] as? String == (name == "jpeg" ? "mjpeg" : "h264"), "\(name)")
                #expect((status["encoder"] is NSNull) == (name != "jpeg"), "\(name)")
                let id = try #require(events[name]?["id"] as? String)
                let response = try await vedette.get("/v1/events/\(id)/clip.mp4")
                #expect(response.status == 200, "\(name)")
                let file = vedette.folder + "/\(name).mp4"
                try Data(response.body).write(to: URL(fileURLWithPath: file))
                let clip = try ClipCheck(path: file)
                #expect(clip.firstIsKeyframe && clip.decodeErrors == "", "\(name): \(clip.decodeErrors)")
                #expect(clip.times.count > 40 && clip.steps.least > 0.8 && clip.steps.most < 1.2, "\(name)")
            }
            let gone = try await vedette.status(of: "gone")["error"] as? [String: Any]
            #expect(gone?["type"] as? String == "camera_unreachable")
            #expect((gone?["detail"] as? String)?.contains("There is no device /dev/video63") == true)
        }
    }
}
