import Foundation
import Glibc
import Simulator
import Testing

extension EndToEnd {
    /// Watching cameras live through a whole `vedette`.
    @Suite(.serialized) struct LiveTests {
        /// A few seconds of snow or of a ball, with a tone.
        private func generate(_ path: String, encoder: String, pattern: String, size: String) throws {
            let made = try run(
                "ffmpeg",
                [
                    "-v", "error", "-f", "lavfi", "-i", "\(pattern)=size=\(size):rate=20", "-f", "lavfi", "-i",
                    "sine=frequency=440:sample_rate=44100",
                ] + encoder.split(separator: " ").map(String.init) + ["-c:a", "aac", "-t", "4", "-y", path])
            #expect(made.status == 0, "\(made.errors)")
        }

        @Test(.timeLimit(.minutes(20)))
        func `cameras can be watched, who does not read is cut, the page plays, and the stop waits for nobody`()
            async throws
        {
            let folder = "/tmp/vedette-live-\(UUID().uuidString.prefix(8))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let x264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 20"
            try generate(
                folder + "/avc.mp4", encoder: x264 + " -bf 2 -b_strategy 0", pattern: "testsrc", size: "640x360")
            try generate(
                folder + "/hevc.mp4",
                encoder: "-c:v libx265 -preset ultrafast -pix_fmt yuv420p -g 20 -x265-params log-level=none",
                pattern: "testsrc", size: "640x360")
            // Much at once, so that what a reader leaves lying soon fills what lies between.
            try generate(
                folder + "/heavy.mp4",
                encoder: x264 + " -b:v 24M -minrate 24M -maxrate 24M -bufsize 2M -vf noise=alls=100:allf=t",
                pattern: "testsrc", size: "640x360")
            let names = ["avc", "hevc", "heavy"]
            let site = SimulatedSite(
                .init(
                    port: 0, streams: names.map { .init(name: $0, source: .file(path: "\(folder)/\($0).mp4")) },
                    sharing: .fromStart))
            _ = try site.start()
            defer { site.stop() }
            var settings = "cameras:\n  - {name: nobody, url: \"rtsp://127.0.0.1:9/none\"}\n"
            for name in names { settings += "  - {name: \(name), url: \"\(try site.url(for: name))\"}\n" }
            let vedette = try VedetteProcess(settings: settings)
            do {
                try await vedette.start()
                try await walk(vedette, folder: folder)
            } catch {
                await vedette.cleanUp()
                throw error
            }
            await vedette.cleanUp()
        }

        private func walk(_ vedette: VedetteProcess, folder: String) async throws {
            for name in ["avc", "hevc", "heavy"] {
                try await vedette.wait("camera \(name) to be online", seconds: 90) {
                    try await vedette.status(of: name)["state"] as? String == "online"
                }
            }
            var paths: [String: String] = [:]
            for camera in try await vedette.items("/v1/cameras") {
                paths[camera["name"] as? String ?? ""] =
                    "/v1/cameras/\(camera["id"] as? String ?? "")/live.mp4?video=h264,h265"
            }
            let offline = try await vedette.get(try #require(paths["nobody"]))
            #expect(offline.status == 503 && offline.header("content-type") == "application/problem+json")
            #expect(offline.header("retry-after") == "2")

            let stuck = try RawViewer(vedette, path: try #require(paths["heavy"]))
            for name in ["avc", "hevc", "heavy"] {
                try watch(vedette, path: try #require(paths[name]), name: name, into: "\(folder)/live-\(name).mp4")
            }
            let page = try run(
                "python3",
                [
                    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                        .appendingPathComponent("EndToEnd/page_check.py").path, vedette.base, "--token", vedette.token,
                    "--live", "avc", "--only-live",
                ])
            #expect(page.status == 0, "\(page.output) \(page.errors)")
            // Four seconds of 24 Mbit/s and what the kernel holds is long past by now, for one that went on.
            let left = stuck.drain(seconds: 20)
            #expect(left.ended, "one that does not read is cut off")
            #expect(left.bytes < 64 << 20)

            // Open while it stops: one that reads, and one that does not.
            let reading = Process()
            reading.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            reading.arguments = curl(vedette, try #require(paths["avc"]), into: "\(folder)/last.mp4", seconds: 60)
            try reading.run()
            let idle = try RawViewer(vedette, path: try #require(paths["avc"]))
            let events = try RawViewer(vedette, path: "/v1/events/stream")
            try await vedette.wait("the last viewer's first bytes", seconds: 10) {
                ((try? FileManager.default.attributesOfItem(atPath: "\(folder)/last.mp4"))?[.size] as? Int ?? 0) > 0
            }
            #expect(try await vedette.stop() == 0)
            reading.waitUntilExit()
            #expect(reading.terminationStatus == 0, "the stream ended as a whole answer")
            #expect(idle.drain(seconds: 5).ended && events.drain(seconds: 5).ended)
        }

        private func curl(_ vedette: VedetteProcess, _ path: String, into file: String, seconds: Int) -> [String] {
            [
                "curl", "-sN", "--fail", "--max-time", "\(seconds)", "-H", "Authorization: Bearer \(vedette.token)",
                "-o", file, vedette.base + path,
            ]
        }

        /// Watches for some seconds, and looks at what came.
        private func watch(_ vedette: VedetteProcess, path: String, name: String, into file: String) throws {
            let watched = try run("env", curl(vedette, path, into: file, seconds: 5))
            // 28: curl's own time is over. The stream would go on.
            #expect(watched.status == 28, "\(name): \(watched.status) \(watched.errors)")
            let clip = try ClipCheck(path: file)
            #expect(clip.firstIsKeyframe && clip.times.count > 20, "\(name): \(clip.times.count) pictures")
            // Where the file begins anew, its reordered pictures leave a gap in the simulated camera's own times.
            #expect(clip.steps.least > 0.5 && clip.steps.most < 5.5, "\(name): \(clip.steps)")
            let sound = try run(
                "ffprobe",
                [
                    "-v", "error", "-select_streams", "a", "-show_entries", "packet=pts_time", "-of", "csv=p=0", file,
                ])
            #expect(sound.output.split(separator: "\n").count > 40, "\(name) has sound")
        }
    }
}

/// One that asks and does not read.
private final class RawViewer {
    private let descriptor: Int32

    init(_ vedette: VedetteProcess, path: String) throws {
        let port = try #require(vedette.base.split(separator: ":").last.flatMap { UInt16($0) })
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var size: Int32 = 4096
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        #expect(connected == 0)
        let request =
            "GET \(path) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(vedette.token)\r\n\r\n"
        #expect(send(descriptor, request, request.utf8.count, Int32(MSG_NOSIGNAL)) == request.utf8.count)
    }

    deinit { close(descriptor) }

    /// Reads what lies there, until the connection is over or nothing has come for so long.
    func drain(seconds: Int) -> (bytes: Int, ended: Bool) {
        let deadline = ContinuousClock.now.advanced(by: .seconds(seconds))
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var total = 0
        while ContinuousClock.now < deadline {
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard Glibc.poll(&poll, 1, 1000) > 0 else { continue }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return (total, true) }
            total += count
        }
        return (total, false)
    }
}
