import Domain
import Foundation
import TestSupport
import Testing

@testable import Motion

/// Runs the whole chain (analyzer, gate, event machine) over the shared clips and compares with their truth. Where they
/// or ffmpeg are absent there is nothing to run it on.
@Suite(.enabled(if: SharedMedia.isAvailable, "needs shared/media and ffmpeg"), .serialized, .ownThread)
struct FootageScoreTests {
    struct Event {
        var started, ended: Double
    }

    /// How one clip went.
    struct Score {
        var name: String
        var found, expected: Int
        var idle, wrong: Double
        var falseStarts: Int
        var milliseconds: Double
        var events: [Event]

        var row: String {
            let spans = events.prefix(12).map { "\(Self.fixed($0.started))–\(Self.fixed($0.ended))" }
            let columns = [
                name.padding(toLength: 30, withPad: " ", startingAt: 0), "\(found)/\(expected)",
                "idle \(Self.fixed(wrong))/\(Self.fixed(idle)) s", "false \(falseStarts)",
                "\(Self.fixed(milliseconds)) ms/frame", spans.joined(separator: " "),
            ]
            return columns.joined(separator: "  ")
        }
        static func fixed(_ value: Double) -> String { String(format: "%.2f", value) }
    }

    static func events(of clip: SharedMedia.Clip, in folder: URL, ffmpeg: URL) throws -> ([Event], Double) {
        let analyzer = try MotionAnalyzer()
        let camera = CameraSettings(url: "")
        var gate = ZonedGate(camera)
        var machine = EventMachine(settings: EventSettings(camera))
        var actions: [EventAction] = []
        var index = 0
        var busy = Duration.zero
        try FootageReader.read(
            folder.appending(path: "media/\(clip.file)"), ffmpeg: ffmpeg, pictureBytes: clip.width * clip.height
        ) { bytes in
            let time = MediaTime(seconds: Double(index) / clip.fps)
            index += 1
            let picture = PictureView(
                format: .gray8, widthPixels: clip.width, heightPixels: clip.height,
                planes: [.init(bytes: bytes, strideBytes: clip.width)])
            busy += try ContinuousClock().measure {
                let judgement = gate.judge(try analyzer.measure(picture, at: time))
                actions += machine.observe(
                    at: time, moving: judgement.moving, score: judgement.score, boxes: judgement.boxes,
                    since: judgement.since)
            }
        }
        actions += machine.streamEnded(at: MediaTime(seconds: Double(index) / clip.fps))
        let events = actions.compactMap { action -> Event? in
            guard case .close(_, let span, _) = action else { return nil }
            return Event(started: span.started.seconds, ended: span.ended.seconds)
        }
        return (events, busy / .milliseconds(max(index, 1)))
    }

    static func score(_ clip: SharedMedia.Clip, events: [Event], milliseconds: Double) -> Score {
        func overlaps(_ interval: SharedMedia.Interval) -> Bool {
            events.contains { $0.started <= interval.end && $0.ended >= interval.start }
        }
        let step = 0.01
        var wrong = 0.0
        for interval in clip.idle {
            for tick in stride(from: interval.start, to: interval.end, by: step)
            where events.contains(where: { ($0.started...$0.ended).contains(tick) }) {
                wrong += step
            }
        }
        let starts = events.filter { event in
            clip.idle.contains { ($0.start..<$0.end).contains(event.started) }
        }
        return Score(
            name: clip.file, found: clip.truth.filter(overlaps).count, expected: clip.truth.count,
            idle: clip.idle.reduce(0) { $0 + $1.end - $1.start }, wrong: wrong, falseStarts: starts.count,
            milliseconds: milliseconds, events: events)
    }

    @Test(.timeLimit(.minutes(10)))
    func `every truth is found and at most one percent of the idle time is taken`() throws {
        let folder = try #require(SharedMedia.folder)
        let ffmpeg = try #require(SharedMedia.ffmpeg)
        var scores: [Score] = []
        for clip in try SharedMedia.load(folder).clips {
            let (events, milliseconds) = try Self.events(of: clip, in: folder, ffmpeg: ffmpeg)
            scores.append(Self.score(clip, events: events, milliseconds: milliseconds))
        }
        let found = scores.reduce(0) { $0 + $1.found }
        let expected = scores.reduce(0) { $0 + $1.expected }
        let wrong = scores.reduce(0) { $0 + $1.wrong }
        let idle = scores.reduce(0) { $0 + $1.idle }
        print(scores.map(\.row).joined(separator: "\n"))
        print(
            "truths \(found)/\(expected), idle wrongly active \(Score.fixed(wrong)) of \(Score.fixed(idle)) s",
            "(\(Score.fixed(100 * wrong / max(idle, 1))) %), false events per idle hour",
            Score.fixed(Double(scores.reduce(0) { $0 + $1.falseStarts }) * 3600 / max(idle, 1)))
        #expect(found == expected)
        #expect(wrong <= 0.01 * idle)
    }
}
