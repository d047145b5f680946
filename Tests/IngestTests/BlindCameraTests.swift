import Domain
import Foundation
import Motion
import TestSupport
import Testing

@testable import Ingest

/// A camera on which the activity ladder sees nothing: its encoder fills every picture up to the same size, and what moves
/// comes after one keyframe and has gone before the next.
@Suite(.timeLimit(.minutes(10)))
struct BlindCameraTests {
    private static let pictureSeconds = 0.1
    /// Something crosses in the middle of each of these, after a calm beginning.
    private static let period = 20.0
    private static let calmSeconds = 40.0
    private static let lengthSeconds = 560.0

    /// Events that began while `period` lasted, by the number of the period.
    private func periodsSeen(_ events: [Double]) -> Set<Int> {
        Set(events.map { Int(($0 / Self.period).rounded(.down)) })
    }

    @Test func `the audit finds that a camera is watched blindly, and heals it`() async throws {
        let folder = try TestFolder.make()
        let path = folder + "/blind.mp4"
        try Self.encode(path)
        let footage = try await FootageFile(path: path)
        let sizes = footage.units.filter { !$0.isKeyframe }.map(\.payload.byteCount).sorted()
        // What makes it blind: a picture with the object is no larger than one without.
        #expect(sizes[sizes.count / 100] * 100 > sizes[sizes.count - 1 - sizes.count / 100] * 85)

        var settings = LadderSettings(mode: .ladder)
        settings.firstAuditSeconds = 20
        settings.auditShare = 0.3
        let (events, ladder) = try await Self.replay(footage, settings)
        #expect(ladder.carefulness == .full)
        #expect(ladder.estimate.misses >= 4)
        #expect(ladder.reason?.contains("were shown by no sensor") == true)
        // Healed: nothing that crosses in the last minutes is missed, while most at first was.
        let all = Set(Int(Self.calmSeconds / Self.period)..<Int(Self.lengthSeconds / Self.period))
        let seen = periodsSeen(events)
        #expect(all.subtracting(seen).contains { $0 < 8 }, "the camera was not blind: \(seen.sorted())")
        #expect(all.filter { $0 >= 24 }.allSatisfy(seen.contains), "\(seen.sorted())")
    }

    /// When events began in the footage, and the ladder at its end.
    private static func replay(
        _ footage: FootageFile, _ settings: LadderSettings
    ) async throws -> (events: [Double], ladder: Ladder) {
        let wakes = Wakes()
        var iterator = wakes.stream.makeAsyncIterator()
        let camera = CameraSettings(url: "")
        let ports = IngestPorts(
            sources: RTSPOpener(clock: SystemClock()), decoders: GStreamerDecoderOpener(), clips: Nothing(),
            live: Nothing(), spool: Nothing(), stills: Nothing(), makeDetector: { try MotionAnalyzer(zones: $0.zones) },
            makeGate: { ZonedGate($0) }, clock: SystemClock())
        let analysis = try CameraAnalysis(
            footage.stream, camera: camera, ports: ports, ladder: Ladder(settings: settings, seed: 3), wake: wakes.wake)
        var ring = GOPRing(keepSeconds: camera.preRollSeconds + 15, maximumBytes: 64 << 20)
        var began: [Double] = []
        func advance() async throws {
            for step in try analysis.advance(ring) {
                for case .open(_, _, let at, _, _) in step.actions { began.append(at.seconds) }
            }
            for decoder in analysis.takeClosed() { await decoder.close() }
        }
        for unit in footage.units {
            ring.append(unit)
            analysis.received(unit)
            try await advance()
            while analysis.isBehind(ring, by: 4) {
                _ = await iterator.next()
                try await advance()
            }
        }
        _ = analysis.endStream(at: MediaTime(seconds: lengthSeconds))
        for decoder in analysis.takeClosed() { await decoder.close() }
        return (began, analysis.ladder)
    }

    /// 320×180 at ten pictures a second with a keyframe every four seconds, from ffmpeg; a box crosses in the two seconds
    /// between the keyframes of the middle of each period.
    private static func encode(_ path: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let begins = "9.1"
        let crossing = "between(mod(t\\,\(Int(period)))\\,\(begins)\\,11.1)*gt(t\\,\(Int(calmSeconds)))"
        process.arguments = [
            "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
            "mandelbrot=size=320x180:rate=10,trim=end_frame=1,loop=loop=-1:size=1,noise=alls=6:allf=t,format=yuv420p",
            "-f", "lavfi", "-i", "color=c=white:size=40x60:rate=10", "-filter_complex",
            "[0][1]overlay=x='if(\(crossing)\\,(mod(t\\,\(Int(period)))-\(begins))*140\\,-100)':y=80:shortest=0",
            "-t", "\(Int(lengthSeconds))", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g",
            "40",
            "-keyint_min", "40", "-sc_threshold", "0", "-b:v", "400k", "-maxrate", "400k", "-bufsize", "40k",
            "-x264-params", "nal-hrd=cbr:filler=1", "-threads", "1", path,
        ]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
