import CurlKit
import Foundation
import Glibc
import Simulator
import Testing

extension EndToEnd {
    /// A camera that nothing moves before, and that hears something.
    @Suite(.serialized) struct AudioTriggerTests {
        /// A still picture; silence, and from 14 s to 16 s a tone.
        private func footage(_ path: String) throws {
            let made = try run(
                "ffmpeg",
                [
                    "-v", "error", "-f", "lavfi", "-i", "mandelbrot=size=640x360:rate=10:end_scale=0.3:start_scale=0.3",
                    "-f", "lavfi", "-i",
                    "aevalsrc='0.0005*random(0)+0.3*sin(2*PI*700*t)*between(t\\,14\\,16)':s=16000",
                    "-vf", "loop=loop=-1:size=1:start=0", "-t", "30", "-c:v", "libx264", "-preset", "ultrafast",
                    "-pix_fmt", "yuv420p", "-g", "10", "-c:a", "aac", "-y", path,
                ])
            #expect(made.status == 0, "\(made.errors)")
        }

        @Test(.timeLimit(.minutes(20)))
        func `a tone makes one clip with what came before it, and the status tells how loud it is`() async throws {
            let folder = "/tmp/vedette-audio-\(UUID().uuidString.prefix(8))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try footage(folder + "/loud.mp4")
            let site = SimulatedSite(
                .init(
                    port: 0, streams: [.init(name: "loud", source: .file(path: folder + "/loud.mp4"))],
                    sharing: .fromStart))
            _ = try site.start()
            defer { site.stop() }
            let url = try site.url(for: "loud")
            let vedette = try VedetteProcess(
                settings: """
                    cameras:
                      - name: loud
                        url: "\(url)"
                        pre_roll_seconds: 4
                        post_roll_seconds: 2
                        audio_trigger: {level_dbfs: -30, rearm_seconds: 3}
                      - {name: deaf, url: "\(url)"}
                    """)
            do {
                try await vedette.start()
                try await vedette.wait("the tone", seconds: 400) {
                    try await !vedette.items("/v1/events?kind=audio").isEmpty
                }
                let events = try await vedette.items("/v1/events?kind=audio")
                #expect(events.allSatisfy { $0["camera_name"] as? String == "loud" })
                try await check(vedette, try #require(events.last))
                let status = try await vedette.status(of: "loud")
                #expect(status["sound_level_dbfs"] is Double && status["sound_remark"] is NSNull)
                #expect(try await vedette.status(of: "deaf")["sound_level_dbfs"] is NSNull)
                #expect(try await vedette.items("/v1/events?kind=motion").isEmpty)
            } catch {
                await vedette.cleanUp()
                throw error
            }
            await vedette.cleanUp()
        }

        private func check(_ vedette: VedetteProcess, _ event: [String: Any]) async throws {
            #expect((event["trigger_label"] as? String)?.hasSuffix(" dBFS") == true)
            let clip = try #require(event["clip"] as? [String: Any])
            #expect(clip["has_audio"] as? Bool == true)
            let starts = try #require(epoch(clip["starts_at"])), began = try #require(epoch(event["started_at"]))
            let triggered = try #require(epoch(event["triggered_at"])), ended = try #require(epoch(event["ended_at"]))
            #expect((0.4...0.7).contains(triggered - began), "\(triggered - began)")
            #expect(starts <= began - 4 + 0.01)
            // Two seconds of tone, and the tail.
            #expect((3.0...5.0).contains(ended - began), "\(ended - began)")
            let path = vedette.folder + "/clip.mp4"
            let response = try await vedette.get(try #require(clip["url"] as? String))
            try Data(response.body).write(to: URL(fileURLWithPath: path))
            let raw = try run(
                "ffmpeg",
                ["-v", "error", "-i", path, "-vn", "-ac", "1", "-ar", "8000", "-f", "s16le", "-y", path + ".raw"])
            #expect(raw.status == 0, "\(raw.errors)")
            let samples = try Data(contentsOf: URL(fileURLWithPath: path + ".raw")).withUnsafeBytes {
                [Int16]($0.bindMemory(to: Int16.self))
            }
            // Where in the clip the tone is heard is where the event says that it began.
            let first = try #require(samples.firstIndex { abs(Int($0)) > 3000 })
            let last = try #require(samples.lastIndex { abs(Int($0)) > 3000 })
            #expect(abs(Double(first) / 8000 - (began - starts)) < 0.3, "\(Double(first) / 8000) \(began - starts)")
            #expect(abs(Double(last - first) / 8000 - 2) < 0.2)
            #expect(samples.count / 8000 >= Int(began - starts + 4))
        }
    }
}
