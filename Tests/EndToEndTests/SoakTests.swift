import Foundation
import Simulator
import Testing

extension EndToEnd {
    /// `TEST_SOAK_SECONDS=600 make test` runs it; it takes that long.
    @Suite(.serialized) struct SoakTests {
        static let seconds = Double(ProcessInfo.processInfo.environment["TEST_SOAK_SECONDS"] ?? "")
        private static let framesPerSecond = 15

        @Test(.enabled(if: seconds != nil, "TEST_SOAK_SECONDS is not set"))
        func `four 1080p15 cameras keep memory flat and lose no picture inside an event`() async throws {
            let seconds = try #require(Self.seconds)
            let folder = "/tmp/vedette-soak-\(UUID().uuidString.prefix(8))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            // A box crosses the noisy picture in 6 of 30 seconds.
            let made = try run(
                "ffmpeg",
                [
                    "-v", "error", "-f", "lavfi", "-i",
                    "color=gray:size=1920x1080:rate=\(Self.framesPerSecond):duration=30,noise=alls=6:allf=t", "-f",
                    "lavfi", "-i", "color=black:size=160x400:rate=\(Self.framesPerSecond):duration=30",
                    "-filter_complex", "[0][1]overlay=x='(t-10)*320-160':y=500", "-c:v", "libx264", "-preset",
                    "ultrafast", "-b:v", "3M", "-maxrate", "3M", "-bufsize", "3M", "-g", "30", folder + "/box.mp4",
                ])
            #expect(made.status == 0, "\(made.errors)")
            let names = (1...4).map { "box-\($0)" }
            let site = SimulatedSite(
                SimulatedSite.Configuration(
                    port: 0,
                    streams: names.map { SimulatedSite.Stream(name: $0, source: .file(path: folder + "/box.mp4")) }))
            _ = try site.start()
            defer { site.stop() }
            let vedette = try VedetteProcess(
                settings: "cameras:\n"
                    + names.map { "  - {name: \($0), url: \"\((try? site.url(for: $0)) ?? "")\"}\n" }.joined())
            do {
                try await vedette.start()
                var resident: [Int] = []
                let end = ContinuousClock.now.advanced(by: .seconds(seconds))
                while ContinuousClock.now < end {
                    // Memory over time is what is measured; there is no signal to wait for.
                    try await Task.sleep(for: .seconds(5))
                    resident.append(try Self.residentKilobytes(of: vedette.processID))
                }
                let third = resident.count / 3
                let middle = resident[third..<(2 * third)].max() ?? 0
                let last = resident[(2 * third)...].max() ?? 0
                print(
                    "resident MB: first \((resident.first ?? 0) / 1024), most of the middle third \(middle / 1024), of the last \(last / 1024)"
                )
                #expect(Double(last) < 1.15 * Double(middle))
                var checked = 0
                for event in try await vedette.items("/v1/events?state=ready") {
                    let id = event["id"] as? String ?? ""
                    let file = folder + "/clip.mp4"
                    try Data(try await vedette.get("/v1/events/\(id)/clip.mp4").body)
                        .write(to: URL(fileURLWithPath: file))
                    let clip = try ClipCheck(path: file)
                    let span = (clip.times.last ?? 0) - (clip.times.first ?? 0)
                    #expect(clip.times.count == Int((span * Double(Self.framesPerSecond)).rounded()) + 1, "\(id)")
                    #expect(clip.steps.most < 1.6 && clip.steps.least > 0.4, "\(id) \(clip.steps)")
                    checked += 1
                }
                var dropped: [Int] = []
                for name in names { dropped.append(try await vedette.status(of: name)["frames_dropped"] as? Int ?? -1) }
                print("clips checked: \(checked), frames not analysed: \(dropped)")
                #expect(Double(checked) >= (seconds / 30 - 2) * 4)
            } catch {
                await vedette.cleanUp()
                throw error
            }
            await vedette.cleanUp()
        }

        private static func residentKilobytes(of process: Int32) throws -> Int {
            let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
            return try #require(line.split(separator: " ").dropLast().last.flatMap { Int($0) })
        }
    }
}
