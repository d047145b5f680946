import Foundation
import Simulator
import Testing

/// Where the real server and its model are; nil where nobody says so.
private enum TinyModel {
    static let llama: (binary: String, folder: String)? = {
        let environment = ProcessInfo.processInfo.environment
        guard let binary = environment["LLAMA_SERVER"], let folder = environment["TINY_VLM"] else { return nil }
        return (binary, folder)
    }()
}

extension EndToEnd {
    /// Cameras of one colour each, through a whole `vedette`, to the real llama.cpp server with the tiny model, whose answers
    /// depend on the colour: green is `abnormal` and an `animal`, black is `normal`. `LLAMA_SERVER` and `TINY_VLM` as in
    /// `VisionModelsTests`.
    @Suite(
        .serialized,
        .enabled(
            if: TinyModel.llama != nil, "LLAMA_SERVER and TINY_VLM are not set: the real server is not tried"))
    struct ModelChainTests {
        private static let colours = ["green": "0x00FF00", "black": "0x000000"]
        private static let states = ["green": "abnormal", "black": "normal"]

        private func llamaServer(port: Int) throws -> Process {
            let (binary, folder) = try #require(TinyModel.llama)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: binary)
            process.arguments = [
                "-m", folder + "/tiny-vlm.gguf", "--mmproj", folder + "/tiny-vlm-mmproj.gguf", "--alias", "tiny-vlm",
                "--host",
                "127.0.0.1", "--port", "\(port)", "-c", "16384", "-np", "2", "-t", "1",
            ]
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            return process
        }

        @Test(.timeLimit(.minutes(30)))
        func `solid colours get the right verdicts, by one analyzer, by two, and from the clip again`() async throws {
            let folder = "/tmp/vedette-chain-\(UUID().uuidString.prefix(8))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            for (name, colour) in Self.colours {
                let made = try run(
                    "ffmpeg",
                    [
                        "-v", "error", "-f", "lavfi", "-i", "color=c=\(colour):size=320x240:rate=10", "-t", "10",
                        "-c:v", "libx264",
                        "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "10", "-y", "\(folder)/\(name).mp4",
                    ])
                #expect(made.status == 0, "\(made.errors)")
            }
            let port = 22_000 + Int(getpid()) % 20_000
            let llama = try llamaServer(port: port)
            defer {
                kill(llama.processIdentifier, SIGKILL)
                llama.waitUntilExit()
            }
            let site = SimulatedSite(
                .init(
                    port: 0,
                    streams: Self.colours.keys.sorted().map {
                        .init(name: $0, source: .file(path: "\(folder)/\($0).mp4"))
                    },
                    sharing: .fromStart))
            _ = try site.start()
            defer { site.stop() }
            let cameras = try Self.colours.keys.sorted().map {
                "  - {name: \($0), url: \"\(try site.url(for: $0))\", tamper: false, pre_roll_seconds: 2, post_roll_seconds: 1}"
            }
            let analyzers = ["one", "two"].map {
                "  - {name: \($0), kind: openai, base_url: \"http://127.0.0.1:\(port)/v1\", model: tiny-vlm, timeout_seconds: 600}"
            }
            let vedette = try VedetteProcess(
                settings: """
                    cameras:
                    \(cameras.joined(separator: "\n"))
                    analyzers:
                    \(analyzers.joined(separator: "\n"))
                    policy: {mode: consensus, analyzers: [one, two]}
                    definition: {normal: Nothing green., labels: [person, vehicle, animal]}
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
            var events: [String: String] = [:]
            for camera in try await vedette.items("/v1/cameras") {
                let name = try #require(camera["name"] as? String), id = try #require(camera["id"] as? String)
                try await vedette.wait("camera \(name)", seconds: 300) {
                    try await vedette.post("/v1/cameras/\(id)/trigger", #"{"duration_seconds": 3}"#).status == 202
                }
                try await vedette.wait("the event of \(name)", seconds: 600) {
                    try await vedette.items("/v1/events?camera_id=\(id)").contains {
                        $0["analysis"] as? String == "done"
                    }
                }
                events[name] = try await vedette.items("/v1/events?camera_id=\(id)").first?["id"] as? String
            }
            for (name, event) in events {
                let verdict = try await verdict(vedette, event, policy: "consensus")
                #expect(verdict["state"] as? String == Self.states[name], "\(name): \(verdict)")
                let opinions = try #require(verdict["opinions"] as? [[String: Any]])
                #expect(opinions.compactMap { $0["analyzer"] as? String } == ["one", "two"])
                #expect(opinions.allSatisfy { $0["state"] as? String == Self.states[name] })
                #expect((verdict["labels"] as? [String] ?? []).allSatisfy { $0 == "animal" || name != "green" })
                let asked = try await vedette.post(
                    "/v1/events/\(event)/analyze", #"{"policy": "single", "analyzers": ["two"]}"#)
                #expect(asked.status == 201)
            }
            for (name, event) in events {
                try await vedette.wait("the single verdict of \(name)", seconds: 600) {
                    try await list(vedette, "/v1/events/\(event)/verdicts").contains {
                        $0["policy"] as? String == "single"
                    }
                }
                let verdict = try await verdict(vedette, event, policy: "single")
                #expect(verdict["state"] as? String == Self.states[name] && verdict["analyzer"] as? String == "two")
                #expect(verdict["model"] as? String == "tiny-vlm")
            }
            // Pictures that are decoded from the clips anew say the same.
            let begun = try await vedette.post(
                "/v1/reanalyses",
                #"{"policy": "single", "analyzers": ["one"], "frames": {"source": "clip", "count": 3}}"#)
            #expect(begun.status == 201)
            let id = try #require(
                (try JSONSerialization.jsonObject(with: Data(begun.body)) as? [String: Any])?["id"] as? String)
            try await vedette.wait("the re-analysis", seconds: 600) {
                try await vedette.json("/v1/reanalyses/\(id)")["state"] as? String == "completed"
            }
            let progress = try await vedette.json("/v1/reanalyses/\(id)")["progress"] as? [String: Any]
            #expect(progress?["failed"] as? Int == 0 && (progress?["done"] as? Int ?? 0) >= 2)
            for change in try await list(vedette, "/v1/reanalyses/\(id)/diff") {
                #expect(change["old"] as? String == change["new"] as? String, "\(change)")
            }
        }

        /// Of a call that gives all at once.
        private func list(_ vedette: VedetteProcess, _ path: String) async throws -> [[String: Any]] {
            try #require(try await vedette.json(path)["items"] as? [[String: Any]])
        }

        private func verdict(_ vedette: VedetteProcess, _ event: String, policy: String) async throws -> [String: Any] {
            try #require(
                try await list(vedette, "/v1/events/\(event)/verdicts").first { $0["policy"] as? String == policy })
        }
    }
}
