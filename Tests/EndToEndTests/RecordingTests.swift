import Foundation
import Simulator
import Testing

extension EndToEnd {
    @Suite(.serialized) struct RecordingTests {
        @Test(.timeLimit(.minutes(20)))
        func `killed in the middle of a segment, everything up to its last fragment is there and joined`() async throws
        {
            let site = SimulatedSite(SimulatedSite.Configuration(port: 0, streams: []))
            _ = try site.start()
            defer { site.stop() }
            try await site.ready()
            let vedette = try VedetteProcess(
                settings: """
                    segment_seconds: 4
                    cameras:
                      - {name: gate, url: "\(try site.url(for: "gate"))", record: continuous, pre_roll_seconds: 0}
                    """)
            do {
                try await vedette.start()
                let camera = try #require(try await vedette.items("/v1/cameras").first?["id"] as? String)
                let recordings = "/v1/cameras/\(camera)/recordings"
                try await vedette.wait("three segments to be listed", seconds: 300) {
                    (try await vedette.items(recordings).first?["segments"] as? Int ?? 0) >= 3
                }
                let spool = vedette.dataFolder + "/spool/segments"
                try await vedette.wait("a fragment of a segment to be on disk", seconds: 120) {
                    try fragments(in: spool) > 0
                }
                let before = try #require(epoch(try await vedette.items(recordings).first?["ends_at"]))
                try await vedette.kill()
                let left = try fragments(in: spool)
                #expect(left > 0)
                try await vedette.start()
                #expect(vedette.log.contains("an interrupted segment was recovered"))
                try await vedette.wait("what was left to be handed over", seconds: 120) {
                    (epoch(try await vedette.items(recordings).first?["ends_at"]) ?? 0) > before
                }
                try await vedette.wait("another run to be listed", seconds: 300) {
                    try await vedette.items(recordings).count >= 2
                }
                let spans = try await vedette.items(recordings)
                #expect((spans[1]["gap_before_seconds"] as? Double ?? 0) > 0)
                let span = try #require(spans.first)
                let response = try await vedette.get(try #require(span["url"] as? String))
                #expect(response.status == 200)
                let file = vedette.folder + "/span.mp4"
                try Data(response.body).write(to: URL(fileURLWithPath: file))
                let check = try ClipCheck(path: file)
                #expect(check.firstIsKeyframe && check.decodeErrors == "", "\(check.decodeErrors)")
                // Nothing is missing at the borders, nothing is there twice.
                #expect(check.steps.least > 0.5 && check.steps.most < 1.5, "\(check.steps)")
                let seconds = try #require(span["duration_seconds"] as? Double)
                let last = try #require(check.times.last)
                #expect(abs(last - seconds) < 0.5, "\(last) of \(seconds)")
                #expect(try await vedette.stop() == 0)
                // I2: nothing is left in the spool, and each file has its row.
                #expect(try FileManager.default.contentsOfDirectory(atPath: spool) == [])
                try await vedette.start()
                let files =
                    (FileManager.default.enumerator(atPath: vedette.dataFolder + "/media")?
                    .compactMap { $0 as? String } ?? []).filter { $0.contains("/recordings/") && $0.hasSuffix(".mp4") }
                try await vedette.wait("rows and files to agree", seconds: 60) {
                    try await vedette.items(recordings).reduce(0) { $0 + ($1["segments"] as? Int ?? 0) } >= files.count
                }
                print("segments \(files.count), recovered \(left), span \(seconds) s")
            } catch {
                await vedette.cleanUp()
                throw error
            }
            await vedette.cleanUp()
        }

        /// Files in the spool of which a part plays.
        private func fragments(in folder: String) throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".part") }.filter {
                FileManager.default.contents(atPath: folder + "/" + $0)?.firstRange(of: Data("moof".utf8)) != nil
            }.count
        }
    }
}
