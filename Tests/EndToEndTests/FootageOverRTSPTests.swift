import Foundation
import Simulator
import Testing

/// Suites that run a whole `vedette`; one after the other, because each wants the machine.
@Suite(.serialized) enum EndToEnd {}

extension EndToEnd {
    /// Real footage over RTSP through everything, compared with its hand-checked truth.
    @Suite(.serialized) struct FootageOverRTSPTests {
        struct Manifest: Decodable {
            struct Span: Decodable {
                var start: Double
                var end: Double
                var label: String?
            }
            struct Clip: Decodable {
                var file: String
                var fps: Double
                var duration_s: Double
                var truth: [Span]
                var idle: [Span]
                var optional: [Span]?
                var name: String { String(file.dropLast(4)) }
            }
            var clips: [Clip]
        }

        // Needs the real footage and weights; skipped where there is no `shared` folder beside the repository.
        @Test(.enabled(if: SharedFolder.path != nil), .timeLimit(.minutes(20)))
        func `every truth becomes a judged event with a whole clip, and idle stretches become none`() async throws {
            let shared = try #require(SharedFolder.path)
            let manifest = try JSONDecoder().decode(
                Manifest.self, from: Data(contentsOf: URL(fileURLWithPath: shared + "/media/media.json")))
            let site = SimulatedSite(
                SimulatedSite.Configuration(port: 0, streams: try SimulateDefaults.files(in: shared + "/media")))
            _ = try site.start()
            defer { site.stop() }
            var settings = "models_dir: \(shared)/models\ncameras:\n"
            for clip in manifest.clips {
                settings += "  - {name: \(clip.name), url: \"\(try site.url(for: clip.name))\"}\n"
            }
            let vedette = try VedetteProcess(settings: settings)
            try await vedette.start()
            do {
                try await watch(vedette, site: site, clips: manifest.clips)
                try await score(vedette, site: site, clips: manifest.clips)
                try await checkClips(vedette, site: site)
            } catch {
                await vedette.cleanUp()
                throw error
            }
            await vedette.cleanUp()
        }

        /// Until every clip was played once and every event of it is judged.
        private func watch(_ vedette: VedetteProcess, site: SimulatedSite, clips: [Manifest.Clip]) async throws {
            let longest = clips.map(\.duration_s).max() ?? 0
            try await vedette.wait("the longest clip to be played", seconds: longest + 60) {
                clips.allSatisfy { clip in
                    let began = site.counters(of: clip.name)?.turns.first?.startedAt
                    return began.map { Date().timeIntervalSince1970 > $0 + clip.duration_s + 7 } ?? false
                }
            }
            try await vedette.wait("the verdicts", seconds: 120) {
                try await vedette.items("/v1/events").allSatisfy { event in
                    guard let ended = epoch(event["ended_at"]), let name = event["camera_name"] as? String,
                        let clip = clips.first(where: { $0.name == name }),
                        let began = site.counters(of: name)?.turns.first?.startedAt
                    else { return true }
                    return ended > began + clip.duration_s || ["done", "failed"].contains(event["analysis"] as? String)
                }
            }
        }

        private func score(_ vedette: VedetteProcess, site: SimulatedSite, clips: [Manifest.Clip]) async throws {
            let events = try await vedette.items("/v1/events")
            var found = 0
            var expected = 0
            var labelled = 0
            var labelsExpected = 0
            var idleTotal = 0.0
            var idleActive = 0.0
            var falseEvents = 0
            print("| clip | truths | labels | idle s wrongly active | false events | frames dropped |")
            print("|---|---|---|---|---|---|")
            for clip in clips {
                let began = try #require(site.counters(of: clip.name)?.turns.first?.startedAt)
                let mine = events.filter { $0["camera_name"] as? String == clip.name }.compactMap { event in
                    epoch(event["started_at"]).flatMap { start in
                        epoch(event["ended_at"]).map { (event, start - began, $0 - began) }
                    }
                }.filter { $0.1 < clip.duration_s }
                var clipFound = 0
                var clipLabelled = 0
                var clipLabels = 0
                for truth in clip.truth {
                    let overlapping = mine.filter { $0.1 <= truth.end && $0.2 >= truth.start }
                    clipFound += overlapping.isEmpty ? 0 : 1
                    guard let label = truth.label, ["person", "vehicle"].contains(label) else { continue }
                    clipLabels += 1
                    let said = overlapping.contains { event in
                        ((event.0["verdict"] as? [String: Any])?["labels"] as? [String] ?? []).contains(label)
                    }
                    clipLabelled += said ? 1 : 0
                }
                var clipIdle = 0.0
                var clipFalse = 0
                for idle in clip.idle {
                    idleTotal += idle.end - idle.start
                    let spans = mine.map { (max($0.1, idle.start), min($0.2, idle.end)) }.filter { $0.0 < $0.1 }
                        .sorted { $0.0 < $1.0 }
                    var reached = idle.start
                    for span in spans {
                        clipIdle += max(0, span.1 - max(span.0, reached))
                        reached = max(reached, span.1)
                    }
                    clipFalse +=
                        mine.filter { event in
                            event.1 > idle.start && event.1 < idle.end
                                && !clip.truth.contains { event.1 <= $0.end && event.2 >= $0.start }
                        }.count
                }
                let dropped = try await vedette.status(of: clip.name)["frames_dropped"] as? Int ?? -1
                print(
                    "| \(clip.name) | \(clipFound) / \(clip.truth.count) | \(clipLabelled) / \(clipLabels) | \(String(format: "%.2f", clipIdle)) | \(clipFalse) | \(dropped) |"
                )
                found += clipFound
                expected += clip.truth.count
                labelled += clipLabelled
                labelsExpected += clipLabels
                idleActive += clipIdle
                falseEvents += clipFalse
            }
            print(
                "truths \(found) / \(expected), labels \(labelled) / \(labelsExpected), idle active \(String(format: "%.2f", idleActive)) of \(String(format: "%.1f", idleTotal)) s, false events \(falseEvents)"
            )
            #expect(found == expected)
            #expect(labelled == labelsExpected)
            #expect(falseEvents == 0)
            #expect(idleActive <= 0.01 * idleTotal)
        }

        /// Pre-roll, post-roll, no gap, decodable: for every clip there is. The site is stopped first: looking at the clips
        /// takes a while, in which more would come.
        private func checkClips(_ vedette: VedetteProcess, site: SimulatedSite) async throws {
            let events = try await vedette.items("/v1/events?state=ready")
            #expect(events.count >= 14)
            var connectedAt: [String: Double] = [:]
            for camera in try await vedette.items("/v1/cameras") {
                guard let name = camera["name"] as? String else { continue }
                connectedAt[name] = epoch((camera["status"] as? [String: Any])?["connected_at"])
            }
            site.stop()
            try await vedette.wait("what was being recorded to be handed over", seconds: 60) {
                try FileManager.default.contentsOfDirectory(atPath: vedette.dataFolder + "/spool").isEmpty
            }
            // Where each clip ends, and which ones go on in another; that one may have been interrupted by the stop.
            var ends: [String: Double] = [:]
            var continued: Set<String> = []
            for event in try await vedette.items("/v1/events") {
                if let before = event["continues_event_id"] as? String { continued.insert(before) }
                guard let id = event["id"] as? String, let clip = event["clip"] as? [String: Any],
                    let starts = epoch(clip["starts_at"]), let duration = clip["duration_seconds"] as? Double
                else { continue }
                ends[id] = starts + duration
            }
            var checked = 0
            for event in events {
                let id = event["id"] as? String ?? ""
                guard let clip = event["clip"] as? [String: Any], let starts = epoch(clip["starts_at"]),
                    let started = epoch(event["started_at"]), let ended = epoch(event["ended_at"]),
                    let name = event["camera_name"] as? String, let connected = connectedAt[name], let end = ends[id]
                else {
                    Issue.record("event \(id) lacks a field: \(event)")
                    continue
                }
                // The wall clock of a connection settles within some frames' arrival.
                let slack = 0.1
                if let before = event["continues_event_id"] as? String {
                    let cut = try #require(ends[before], "\(name) \(id) continues an unknown event")
                    #expect(starts <= cut + slack, "\(name) \(id): a hole of \(starts - cut) s before it")
                } else if started - connected > 8 {
                    #expect(starts <= started - 5 + slack, "\(name) \(id): pre-roll \(started - starts)")
                }
                let rest = continued.contains(id) ? 0.0 : 5.0
                #expect(end >= ended + rest - slack, "\(name) \(id): post-roll \(end - ended)")
                let file = vedette.folder + "/clip.mp4"
                try Data(try await vedette.get("/v1/events/\(id)/clip.mp4").body).write(to: URL(fileURLWithPath: file))
                let check = try ClipCheck(path: file)
                #expect(check.firstIsKeyframe, "\(name) \(id)")
                #expect(check.decodeErrors == "", "\(name) \(id)")
                #expect(check.steps.most < 1.6, "\(name) \(id): a gap of \(check.steps.most) frames")
                #expect(check.steps.least > 0.4, "\(name) \(id): a repeated frame")
                checked += 1
            }
            print("clips checked: \(checked)")
        }
    }
}
