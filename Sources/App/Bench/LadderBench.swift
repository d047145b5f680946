import Domain
import Foundation
import Ingest
import Logging

/// `vedette bench ladder`: the ladder against full decoding on footage with known truth.
package enum LadderBench {
    struct Manifest: Decodable {
        struct Span: Decodable {
            var start: Double
            var end: Double
        }
        struct Clip: Decodable {
            var file: String
            var fps: Double
            var width: Int
            var height: Int
            var truth: [Span]
            var idle: [Span]
        }
        var clips: [Clip]
    }

    /// What one mode found in one file, against full decoding and against the truth.
    struct Score {
        var events = 0
        /// Events of full decoding, those of them whose first moving picture lies in a clip, and those overlapped at all.
        var reference = 0
        var covered = 0
        var overlapped = 0
        var truths = 0
        var found = 0
        /// Events that begin in idle time.
        var falseEvents = 0
        var cpuSeconds = 0.0
        var videoSeconds = 0.0
        var asleepSeconds = 0.0
        var wakings = 0
        var measured = 0
        var units = 0

        init() {}

        init(_ replay: FootageReplay, against full: FootageReplay, clip: Manifest.Clip) {
            events = replay.events.count
            reference = full.events.count
            covered = full.events.count { event in
                replay.events.contains { $0.clipFrom <= event.started && event.started <= $0.clipUntil }
            }
            overlapped = full.events.count { event in
                replay.events.contains { $0.started <= event.ended && $0.ended >= event.started }
            }
            truths = clip.truth.count
            found = clip.truth.count { truth in
                replay.events.contains { $0.started <= truth.end && $0.ended >= truth.start }
            }
            falseEvents = replay.events.count { event in
                clip.idle.contains { ($0.start..<$0.end).contains(event.started) }
            }
            cpuSeconds = replay.cpuSeconds
            videoSeconds = replay.videoSeconds
            asleepSeconds = replay.rungSeconds[.asleep, default: 0]
            wakings = replay.wakings
            measured = replay.measured
            units = replay.units
        }

        static func += (left: inout Self, right: Self) {
            left.events += right.events
            left.reference += right.reference
            left.covered += right.covered
            left.overlapped += right.overlapped
            left.truths += right.truths
            left.found += right.found
            left.falseEvents += right.falseEvents
            left.cpuSeconds += right.cpuSeconds
            left.videoSeconds += right.videoSeconds
            left.asleepSeconds += right.asleepSeconds
            left.wakings += right.wakings
            left.measured += right.measured
            left.units += right.units
        }
    }

    /// Prints a table of all clips that `folder`'s media.json lists, in their own encoding and in those asked for. Returns
    /// false where the ladder is not as good as the goals say.
    package static func run(
        folder: String, encodings: [String], clips wanted: [String], work: String?, mode: String, spans: Bool
    ) async throws -> Bool {
        _ = VedetteLogging.start(level: "warning")
        guard let mode = AnalysisMode(rawValue: mode) else { throw StartError("there is no analysis mode `\(mode)`") }
        let manifest = try JSONDecoder().decode(
            Manifest.self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/media.json")))
        let clips = manifest.clips.filter { wanted.isEmpty || wanted.contains(String($0.file.dropLast(4))) }
        let encoder = try Reencoder(folder: work)
        defer { if work == nil { encoder.removeFolder() } }
        print(
            "| encoding | clip | truths full → \(mode.rawValue) | events | first picture covered | false full → \(mode.rawValue) | asleep | wakings | pictures measured | CPU full → \(mode.rawValue) |"
        )
        print("|---|---|---|---|---|---|---|---|---|---|")
        var totals = (full: Score(), ladder: Score())
        let chosen = encodings == ["all"] ? Reencoder.encodings.map(\.name) : encodings
        for encoding in ["original"] + chosen {
            var sums = (full: Score(), ladder: Score())
            for clip in clips {
                let source = folder + "/" + clip.file
                let path =
                    encoding == "original"
                    ? source
                    : try encoder.encode(
                        source, fps: clip.fps, width: clip.width, height: clip.height, as: encoding)
                let footage = try await FootageFile(path: path)
                let full = try await FootageReplay.run(footage, LadderSettings(mode: .full))
                let ladder = try await FootageReplay.run(footage, LadderSettings(mode: mode))
                let scores = (
                    full: Score(full, against: full, clip: clip), ladder: Score(ladder, against: full, clip: clip)
                )
                print(row(encoding, String(clip.file.dropLast(4)), scores.full, scores.ladder))
                if spans {
                    for (name, replay) in [("full", full), (mode.rawValue, ladder)] {
                        print(
                            "    \(name):",
                            replay.events.map { "\(fixed($0.started))–\(fixed($0.ended)) (clip \(fixed($0.clipFrom)))" }
                                .joined(separator: ", "))
                    }
                }
                fflush(nil)
                sums.full += scores.full
                sums.ladder += scores.ladder
            }
            print(row(encoding, "**all**", sums.full, sums.ladder))
            totals.full += sums.full
            totals.ladder += sums.ladder
        }
        print(row("**all**", "**all**", totals.full, totals.ladder))
        let (full, ladder) = totals
        return ladder.covered * 100 >= ladder.reference * 99 && ladder.falseEvents <= full.falseEvents
            && ladder.found >= full.found
    }

    private static func row(_ encoding: String, _ name: String, _ full: Score, _ ladder: Score) -> String {
        let share = ladder.videoSeconds > 0 ? 100 * ladder.asleepSeconds / ladder.videoSeconds : 0
        return "| \(encoding) | \(name) | \(full.found) → \(ladder.found) of \(ladder.truths) "
            + "| \(full.events) → \(ladder.events) | \(ladder.covered) of \(ladder.reference) "
            + "| \(full.falseEvents) → \(ladder.falseEvents) | \(Int(share.rounded())) % | \(ladder.wakings) "
            + "| \(full.measured) → \(ladder.measured) | \(fixed(full.cpuSeconds)) → \(fixed(ladder.cpuSeconds)) s |"
    }

    private static func fixed(_ value: Double) -> String { String(format: "%.2f", value) }
}
