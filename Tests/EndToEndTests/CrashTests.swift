import Foundation
import Simulator
import Testing

extension EndToEnd {
    @Suite(.serialized) struct CrashTests {
        /// `TEST_KILLS=20 make test` tries harder.
        static let kills = Int(ProcessInfo.processInfo.environment["TEST_KILLS"] ?? "") ?? 4

        @Test(.timeLimit(.minutes(20)))
        func `killed at random moments, every finished event is there once and nothing is orphaned`() async throws {
            let site = SimulatedSite(SimulatedSite.Configuration(port: 0, streams: []))
            _ = try site.start()
            defer { site.stop() }
            try await site.ready()
            let vedette = try VedetteProcess(
                settings: """
                    cameras:
                      - {name: gate, url: "\(try site.url(for: "gate"))", pre_roll_seconds: 1, post_roll_seconds: 1, maximum_length_seconds: 10}
                      - {name: yard, url: "\(try site.url(for: "yard"))", pre_roll_seconds: 1, post_roll_seconds: 1, maximum_length_seconds: 10}
                    """)
            do {
                var finished: Set<String> = []
                for _ in 0..<Self.kills {
                    try await vedette.start()
                    try await vedette.wait("an event to be recorded", seconds: 90) {
                        try await isRecording(vedette)
                    }
                    try await Task.sleep(for: .milliseconds(Int.random(in: 0...3000)))
                    finished.formUnion(try await vedette.items("/v1/events").compactMap { $0["id"] as? String })
                    try await vedette.kill()
                }
                try await vedette.start()
                try await vedette.wait("everything to be handed over and judged", seconds: 90) {
                    let waiting = try FileManager.default.contentsOfDirectory(atPath: vedette.dataFolder + "/spool")
                        .filter { $0.hasSuffix(".json") }
                    let open = try await isRecording(vedette) ? 2 : 0
                    let events = try await vedette.items("/v1/events")
                    return waiting.count <= open
                        && events.allSatisfy { ["done", "failed", "skipped"].contains($0["analysis"] as? String) }
                }
                #expect(try await vedette.stop() == 0)
                try await vedette.start()
                try await check(vedette, finishedBefore: finished)
                #expect(try await vedette.stop() == 0)
                #expect(try run("pgrep", ["-f", vedette.dataFolder]).output == "", "a stray server is left")
            } catch {
                await vedette.cleanUp()
                throw error
            }
            await vedette.cleanUp()
        }

        private func isRecording(_ vedette: VedetteProcess) async throws -> Bool {
            let gate = try await vedette.status(of: "gate")
            let yard = try await vedette.status(of: "yard")
            return gate["open_event_id"] is String || yard["open_event_id"] is String
        }

        private func check(_ vedette: VedetteProcess, finishedBefore: Set<String>) async throws {
            let events = try await vedette.items("/v1/events")
            let ids = events.compactMap { $0["id"] as? String }
            #expect(Set(ids).count == ids.count)
            #expect(finishedBefore.subtracting(ids) == [])
            #expect(!events.isEmpty)
            for event in events {
                let id = event["id"] as? String ?? ""
                #expect(["ready", "interrupted"].contains(event["state"] as? String))
                let response = try await vedette.get("/v1/events/\(id)/clip.mp4")
                #expect(response.status == 200)
                #expect(response.body.count == (event["clip"] as? [String: Any])?["size_bytes"] as? Int)
                let file = vedette.folder + "/clip.mp4"
                try Data(response.body).write(to: URL(fileURLWithPath: file))
                let clip = try ClipCheck(path: file)
                #expect(
                    clip.firstIsKeyframe && !clip.times.isEmpty && clip.decodeErrors == "", "\(id) \(clip.decodeErrors)"
                )
                #expect(try await vedette.items("/v1/events/\(id)/verdicts").count <= 1)
            }
            // Files: every event folder has a row, the spool holds only what is going on now (I2).
            let media = URL(fileURLWithPath: vedette.dataFolder + "/media")
            let folders = (FileManager.default.enumerator(atPath: media.path)?.compactMap { $0 as? String } ?? [])
                .filter { $0.hasSuffix("clip.mp4") }.map {
                    $0.split(separator: "/").dropLast().last.map(String.init) ?? ""
                }
            let after = Set(try await vedette.items("/v1/events").compactMap { $0["id"] as? String })
            #expect(Set(folders).subtracting(after).count <= 1, "folders without a row")
            #expect(Set(ids).subtracting(folders) == [], "rows without a file")
            print(
                "kills \(Self.kills), events \(events.count), interrupted \(events.filter { $0["state"] as? String == "interrupted" }.count)"
            )
        }
    }
}
