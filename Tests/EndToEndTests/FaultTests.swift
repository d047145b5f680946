import Foundation
import Simulator
import Testing
import TestSupport

extension EndToEnd {
    @Suite(.serialized) struct FaultTests {
        @Test(.timeLimit(.minutes(20)))
        func `cameras that fail say why, others go on, and a pulled camera comes back`() async throws {
            let gate = try #require(Scene.builtIn.first { $0.name == "gate" })
            func stream(_ name: String, _ fault: Fault?) -> SimulatedSite.Stream {
                SimulatedSite.Stream(name: name, source: .scene(gate), fault: fault)
            }
            let site = SimulatedSite(
                SimulatedSite.Configuration(
                    port: 0,
                    streams: [
                        stream("good", nil), stream("refuses", .refuse), stream("silent", .silentAccept),
                        stream("sound", .audioOnly), stream("garbled", .corrupt(fraction: 0.3)),
                        stream("stalls", .stall(afterSeconds: 3)),
                    ]))
            _ = try site.start()
            defer { site.stop() }
            let locked = SimulatedSite(
                SimulatedSite.Configuration(
                    port: 0, streams: [stream("locked", nil)], credentials: .init(user: "owner", password: "right")))
            _ = try locked.start()
            defer { locked.stop() }
            try await site.ready()
            let port = try #require(
                URL(string: try site.url(for: "good"))?.port)
            let vision = try FakeVisionServer([.status(500, message: "out of memory"), .good])
            defer { vision.stop() }
            let vedette = try VedetteProcess(
                settings: """
                    cameras:
                      - {name: good, url: "\(try site.url(for: "good"))", pre_roll_seconds: 2, post_roll_seconds: 1}
                      - {name: over-udp, url: "\(try site.url(for: "good"))", transport: udp}
                      - {name: refuses, url: "\(try site.url(for: "refuses"))"}
                      - {name: silent, url: "\(try site.url(for: "silent"))", timeout_seconds: 2}
                      - {name: sound, url: "\(try site.url(for: "sound"))"}
                      - {name: garbled, url: "\(try site.url(for: "garbled"))"}
                      - {name: stalls, url: "\(try site.url(for: "stalls"))", timeout_seconds: 2}
                      - {name: locked, url: "\(try locked.url(for: "locked", user: "owner", password: "hunter2"))"}
                      - {name: unlocked, url: "\(try locked.url(for: "locked", user: "owner", password: "right"))"}
                      - {name: nowhere, url: "rtsp://127.0.0.1:\(port)/nowhere"}
                    analyzers:
                      - {name: vlm, kind: openai, base_url: "\(vision.baseURL)", model: fake, timeout_seconds: 10}
                    """,
                // Tells on SIGUSR1 which objects live.
                environment: [
                    "GST_TRACERS": "leaks(filters=\"GstRTSPSrc,GstPipeline\")", "GST_LEAKS_TRACER_SIG": "1",
                    "GST_DEBUG": "GST_TRACER:7", "GST_DEBUG_NO_COLOR": "1",
                ])
            do {
                try await vedette.start()
                try await walk(vedette, site: site)
            } catch {
                await vedette.cleanUp()
                throw error
            }
            #expect(!vedette.log.contains("hunter2"), "a password is in the log")
            await vedette.cleanUp()
        }

        private func walk(_ vedette: VedetteProcess, site: SimulatedSite) async throws {
            for (camera, kind) in [
                ("refuses", "camera_unreachable"), ("silent", "camera_timeout"), ("sound", "stream_unsupported"),
                ("stalls", "stream_stalled"), ("locked", "camera_unauthorized"), ("nowhere", "stream_not_found"),
            ] {
                try await vedette.wait("camera \(camera) to say \(kind)", seconds: 40) {
                    let error = try await vedette.status(of: camera)["error"] as? [String: Any]
                    return error?["type"] as? String == kind && !(error?["detail"] as? String ?? "").isEmpty
                }
            }
            for camera in ["good", "over-udp", "unlocked"] {
                try await vedette.wait("camera \(camera) to be online", seconds: 30) {
                    try await vedette.status(of: camera)["state"] as? String == "online"
                }
            }
            try await vedette.wait("an event with a verdict from the model server, after its 500", seconds: 120) {
                try await vedette.items("/v1/events?verdict_state=abnormal").contains {
                    ($0["verdict"] as? [String: Any])?["analyzer"] as? String == "vlm"
                }
            }
            let snapshot = try await snapshot(vedette, of: "good")
            #expect(snapshot.status == 200 && snapshot.body.starts(with: [0xff, 0xd8]))
            // The page, in a real browser.
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            let page = try run(
                "python3",
                [
                    root.appendingPathComponent("EndToEnd/page_check.py").path, vedette.base, "--token", vedette.token,
                    "--verdict",
                ])
            #expect(page.status == 0, "\(page.output) \(page.errors)")
            // Pulled, and back.
            try site.setReachable(false)
            try await vedette.wait("the pulled camera to be noticed", seconds: 30) {
                try await vedette.status(of: "good")["error"] is [String: Any]
            }
            #expect(try await vedette.status(of: "unlocked")["state"] as? String == "online")
            try site.setReachable(true)
            try await vedette.wait("the camera to come back", seconds: 60) {
                try await vedette.status(of: "good")["state"] as? String == "online"
            }
            #expect((try await vedette.status(of: "good")["gaps"] as? Int ?? 0) >= 1)
            try await killDatabase(vedette)
            try await countObjects(vedette, cameras: 10)
        }

        /// After all these attempts each camera has at most one source, one decoder and two clips.
        private func countObjects(_ vedette: VedetteProcess, cameras: Int) async throws {
            #expect(kill(vedette.processID, SIGUSR1) == 0)
            func alive(_ type: String) -> Int {
                vedette.log.split(separator: "\n").count { $0.contains("object-alive, type-name=(string)\(type),") }
            }
            var (before, sources) = (-1, 0)
            try await vedette.wait("the list of living objects", seconds: 30) {
                (before, sources) = (sources, alive("GstRTSPSrc"))
                return sources > 0 && sources == before
            }
            #expect(sources <= cameras)
            #expect(alive("GstPipeline") <= 4 * cameras)
            let failures = vedette.log.split(separator: "\n").count { $0.contains("camera is not delivering") }
            // Or the figures would show nothing.
            #expect(failures > cameras)
            print("failures \(failures), sources alive \(sources), pipelines alive \(alive("GstPipeline"))")
        }

        /// The private database dies: it is started again, and what was recorded meanwhile arrives (I8).
        private func killDatabase(_ vedette: VedetteProcess) async throws {
            let files = FileManager.default.enumerator(atPath: vedette.dataFolder)?.compactMap { $0 as? String } ?? []
            let file = try #require(files.first { $0.hasSuffix("/postmaster.pid") })
            let text = try String(contentsOfFile: vedette.dataFolder + "/" + file, encoding: .utf8)
            let server = try #require(text.split(separator: "\n").first.flatMap { Int32($0) })
            let killedAt = Date().timeIntervalSince1970
            #expect(kill(server, SIGKILL) == 0)
            try await vedette.wait("a judged event after the database had died", seconds: 120) {
                let events = (try? await vedette.items("/v1/events")) ?? []
                return events.contains {
                    (epoch($0["ended_at"]) ?? 0) > killedAt && $0["analysis"] as? String == "done"
                }
            }
            #expect(try await vedette.get("/readyz").status == 200)
        }

        private func snapshot(
            _ vedette: VedetteProcess, of camera: String
        ) async throws -> (status: Int, body: [UInt8]) {
            let id = try await vedette.items("/v1/cameras").first { $0["name"] as? String == camera }?["id"] as? String
            let response = try await vedette.get("/v1/cameras/\(id ?? "")/snapshot.jpg")
            return (response.status, response.body)
        }
    }
}
