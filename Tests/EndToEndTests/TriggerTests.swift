import CurlKit
import Foundation
import Simulator
import Testing

extension EndToEnd {
    /// Clips that something other than motion asks for, through a whole `vedette`.
    @Suite(.serialized) struct TriggerTests {
        /// Nothing ever moves in it.
        private func stillFootage(_ path: String) throws {
            let made = try run(
                "ffmpeg",
                [
                    "-v", "error", "-f", "lavfi", "-i", "mandelbrot=size=640x360:rate=10:end_scale=0.3:start_scale=0.3",
                    "-vf", "loop=loop=-1:size=1:start=0", "-t", "8", "-c:v", "libx264", "-preset", "ultrafast",
                    "-pix_fmt", "yuv420p", "-g", "10", "-y", path,
                ])
            #expect(made.status == 0, "\(made.errors)")
        }

        /// A scene, and after half a minute somebody hangs something over the camera.
        private func coveredFootage(_ path: String) throws {
            let made = try run(
                "ffmpeg",
                [
                    "-v", "error", "-f", "lavfi", "-i", "mandelbrot=size=640x360:rate=10:end_scale=0.3:start_scale=0.3",
                    "-vf", "loop=loop=-1:size=1:start=0,drawbox=color=0x202020:t=fill:enable='gte(t,30)'", "-t", "70",
                    "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "10", "-y", path,
                ])
            #expect(made.status == 0, "\(made.errors)")
        }

        @Test(.timeLimit(.minutes(20)))
        func `asked over the API and by the clock, a camera records from before, and its events say who asked`()
            async throws
        {
            let folder = "/tmp/vedette-trigger-\(UUID().uuidString.prefix(8))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try stillFootage(folder + "/still.mp4")
            try coveredFootage(folder + "/covered.mp4")
            let site = SimulatedSite(
                .init(
                    port: 0,
                    streams: ["still", "covered"].map { .init(name: $0, source: .file(path: "\(folder)/\($0).mp4")) },
                    sharing: .fromStart))
            _ = try site.start()
            defer { site.stop() }
            let rolls = "pre_roll_seconds: 4, post_roll_seconds: 2"
            let vedette = try VedetteProcess(
                settings: """
                    site: {name: lab, time_zone: Europe/Helsinki}
                    cameras:
                      - {name: still, url: "\(try site.url(for: "still"))", \(rolls)}
                      - {name: covered, url: "\(try site.url(for: "covered"))"}
                      - {name: nobody, url: "rtsp://127.0.0.1:9/none"}
                      - {name: off, url: "rtsp://127.0.0.1:9/none", enabled: false}
                      - name: timed
                        url: "\(try site.url(for: "still"))"
                        \(rolls.split(separator: ", ").joined(separator: "\n    "))
                        schedule: [{name: each minute, every_seconds: 60, duration_seconds: 2}]
                    """)
            do {
                try await vedette.start()
                try await walk(vedette)
            } catch {
                await vedette.cleanUp()
                throw error
            }
            await vedette.cleanUp()
        }

        private func walk(_ vedette: VedetteProcess) async throws {
            var ids: [String: String] = [:]
            for camera in try await vedette.items("/v1/cameras") {
                ids[camera["name"] as? String ?? ""] = camera["id"] as? String
            }
            let still = try #require(ids["still"])
            let nobody = try await vedette.post("/v1/cameras/\(try #require(ids["nobody"]))/trigger", "{}")
            #expect(nobody.status == 503 && nobody.header("retry-after") == "2")
            let off = try await vedette.post("/v1/cameras/\(try #require(ids["off"]))/trigger", "{}")
            #expect(off.status == 409)

            // Long enough that the pre-roll is there and the camera sleeps.
            try await vedette.wait("the camera to sleep", seconds: 300) {
                try await vedette.status(of: "still")["rung"] as? String == "asleep"
            }
            let first = try await trigger(vedette, still, #"{"label": "door", "duration_seconds": 3}"#)
            let second = try await trigger(vedette, still, #"{"label": "again", "duration_seconds": 6}"#)
            let manual = try await trigger(vedette, still, #"{"kind": "manual", "duration_seconds": 2}"#)
            #expect(first["joined"] as? Bool == false && second["joined"] as? Bool == true)
            #expect(first["event_id"] as? String == second["event_id"] as? String)
            #expect(manual["event_id"] as? String != first["event_id"] as? String)

            let api = try await event(vedette, first["event_id"])
            #expect(api["kind"] as? String == "api" && api["trigger_label"] as? String == "door")
            #expect(api["state"] as? String == "ready")
            #expect(api["triggered_at"] as? String == first["triggered_at"] as? String)
            let ended = try #require(epoch(api["ended_at"])), ends = try #require(epoch(second["ends_at"]))
            #expect(abs(ended - ends) < 0.5)
            try await checkClip(vedette, api, preRoll: 4, postRoll: 2)
            let byHand = try await event(vedette, manual["event_id"])
            #expect(byHand["kind"] as? String == "manual" && byHand["trigger_label"] is NSNull)
            try await checkClip(vedette, byHand, preRoll: 4, postRoll: 2)

            try await vedette.wait("the schedule", seconds: 300) {
                try await !vedette.items("/v1/events?kind=schedule").isEmpty
            }
            let scheduled = try #require(try await vedette.items("/v1/events?kind=schedule").last)
            #expect(scheduled["trigger_label"] as? String == "each minute")
            #expect(scheduled["camera_name"] as? String == "timed")
            try await checkClip(vedette, scheduled, preRoll: 0, postRoll: 2)
            try await vedette.wait("the covered camera", seconds: 400) {
                try await !vedette.items("/v1/events?kind=tamper").isEmpty
            }
            let tampered = try await vedette.items("/v1/events?kind=tamper")
            #expect(tampered.allSatisfy { $0["camera_name"] as? String == "covered" })
            #expect(tampered.last?["trigger_label"] as? String == "covered")
            // Nothing moves before the other cameras.
            #expect(
                try await vedette.items("/v1/events?kind=motion").allSatisfy {
                    $0["camera_name"] as? String == "covered"
                })
        }

        private func trigger(_ vedette: VedetteProcess, _ camera: String, _ body: String) async throws -> [String: Any]
        {
            let response = try await vedette.post("/v1/cameras/\(camera)/trigger", body)
            #expect(response.status == 202, "\(String(decoding: response.body, as: UTF8.self))")
            return try #require(
                try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any])
        }

        /// Waits until its clip is finished.
        private func event(_ vedette: VedetteProcess, _ id: Any?) async throws -> [String: Any] {
            let id = try #require(id as? String)
            try await vedette.wait("event \(id)", seconds: 300) {
                try await vedette.get("/v1/events/\(id)").status == 200
            }
            return try await vedette.json("/v1/events/\(id)")
        }

        private func checkClip(
            _ vedette: VedetteProcess, _ event: [String: Any], preRoll: Double, postRoll: Double
        ) async throws {
            let clip = try #require(event["clip"] as? [String: Any])
            let starts = try #require(epoch(clip["starts_at"])),
                length = try #require(clip["duration_seconds"] as? Double)
            let triggered = try #require(epoch(event["triggered_at"])), ended = try #require(epoch(event["ended_at"]))
            #expect(starts <= triggered - preRoll + 0.01)
            #expect(starts + length >= ended + postRoll - 0.3)
            let path = vedette.folder + "/clip-\(event["id"] as? String ?? "").mp4"
            let response = try await vedette.get(try #require(clip["url"] as? String))
            try Data(response.body).write(to: URL(fileURLWithPath: path))
            let check = try ClipCheck(path: path)
            #expect(check.firstIsKeyframe && check.decodeErrors.isEmpty)
            #expect(check.steps.most < 1.6)
        }
    }
}
