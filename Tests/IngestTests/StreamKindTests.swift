import Domain
import Foundation
import GStreamerKit
import Simulator
import Testing

@testable import Ingest

/// What encoders of real cameras do, over real RTSP.
@Suite(.timeLimit(.minutes(10)))
struct StreamKindTests {
    /// Encodes pictures that are shown at these seconds; a picture of another `scene` has nothing in common with the one
    /// before. The encoder makes keyframes where the scene changes, and nowhere else.
    private func withFootage<Value>(
        _ pictures: [(seconds: Double, scene: Int)], _ body: (String) async throws -> Value
    ) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let pipeline = try Pipeline(
            "appsrc name=frames format=time block=false max-bytes=0"
                + " caps=video/x-raw,format=I420,width=320,height=180,framerate=25/1"
                + " ! x264enc speed-preset=veryfast bframes=0 key-int-max=600 option-string=scenecut=40:min-keyint=1"
                + " ! h264parse ! mp4mux ! filesink name=file")
        let path = folder.appendingPathComponent("in.mp4").path
        try pipeline.set("location", of: "file", to: .text(path))
        let wakes = Wakes()
        pipeline.bus.onMessage(wakes.wake)
        try pipeline.play()
        let source = try pipeline.appSource("frames")
        for (number, picture) in pictures.enumerated() {
            var bytes = [UInt8](repeating: 128, count: 320 * 180 * 3 / 2)
            for y in 0..<180 {
                for x in 0..<320 {
                    // Blocks whose brightness depends on the scene, and one that moves.
                    let block = UInt32(x / 16 * 7919 + y / 16 * 104_729 + picture.scene * 1_299_709)
                    bytes[y * 320 + x] = UInt8(40 + (block &* 2_654_435_761 >> 16) % 160)
                }
            }
            for y in 20..<40 { for x in 0..<20 { bytes[y * 320 + (x + number * 3) % 320] = 235 } }
            try source.push(
                Buffer(copying: bytes).retimed(
                    presentationNanoseconds: UInt64(picture.seconds * 1e9), decodingNanoseconds: nil,
                    durationNanoseconds: nil))
        }
        try source.end()
        waiting: for await _ in wakes.stream {
            for message in pipeline.bus.drain() where message.kind != .warning {
                #expect(message.kind == .endOfStream, "\(message.text)")
                break waiting
            }
        }
        await pipeline.close()
        return try await body(path)
    }

    /// Reads one turn of a camera's program.
    private func read(_ path: String) async throws -> (Intake, StreamContent) {
        try await Camera.withSite([.init(name: "gate", source: .file(path: path))], repetition: .once) { site in
            let content = try await site.contentWhenReady(of: "gate")
            return (try await Camera.read(site.url(for: "gate")), content)
        }
    }

    /// Every picture of the program came, once and at its time.
    private func expect(_ intake: Intake, holds content: StreamContent) {
        #expect(intake.failure?.kind == .ended, "\(String(describing: intake.failure))")
        #expect(intake.video.count == content.accessUnitCount)
        #expect(intake.video.count(where: \.isKeyframe) == content.keyframeCount)
        let first = intake.video.first?.presentation.seconds ?? 0
        for (unit, seconds) in zip(intake.video, content.presentationSeconds) {
            #expect(abs(unit.presentation.seconds - first - seconds) < 0.005)
        }
    }

    @Test func `a camera that halves its frame rate and doubles it again keeps its times`() async throws {
        var seconds = 0.0
        let pictures = (0..<120).map { number -> (seconds: Double, scene: Int) in
            defer { seconds += (40..<80).contains(number) ? 0.08 : 0.04 }
            return (seconds, 0)
        }
        try await withFootage(pictures) { path in
            let (intake, content) = try await read(path)
            expect(intake, holds: content)
            let times = intake.video.map(\.presentation.seconds)
            #expect(abs(times[20] - times[10] - 0.4) < 0.005 && abs(times[70] - times[60] - 0.8) < 0.005)
            #expect(abs(times[110] - times[100] - 0.4) < 0.005)
        }
    }

    @Test func `keyframes ten seconds apart are enough`() async throws {
        let scene = Scene(
            name: "gate", widthPixels: 320, heightPixels: 180, framesPerSecond: 10, durationSeconds: 11,
            keyframeSeconds: 10, actions: [.figure(1...9)])
        try await Camera.withSite([.init(scene: scene)], repetition: .once) { site in
            try await site.ready()
            let content = try await site.contentWhenReady(of: "gate")
            let intake = try await Camera.read(site.url(for: "gate"))
            expect(intake, holds: content)
            #expect(intake.video.indices.filter { intake.video[$0].isKeyframe } == [0, 100])
            // The ring keeps the whole group, however long the pre-roll is.
            var ring = GOPRing(keepSeconds: 10, maximumBytes: 96 << 20)
            for unit in intake.video { ring.append(unit) }
            let units = ring.units(from: MediaTime(nanoseconds: intake.video[95].presentation.nanoseconds))
            #expect(units.first?.presentation == intake.video[0].presentation && units.count == 110)
        }
    }

    @Test(arguments: [StreamCodec.h264, .h265], ParameterSets.allCases)
    func `parameter sets are found wherever the camera tells them`(
        codec: StreamCodec, place: ParameterSets
    ) async throws {
        let scene = Scene(
            name: "gate", codec: codec, widthPixels: 320, heightPixels: 180, framesPerSecond: 10, durationSeconds: 6,
            keyframeSeconds: 1, actions: [.figure(1...4)])
        let camera = SimulatedSite.Stream(name: "gate", source: .scene(scene), parameterSets: place)
        try await Camera.withSite([camera]) { site in
            try await site.ready()
            for transport in Domain.SourceLocation.Transport.allCases {
                let intake = try await Camera.read(site.url(for: "gate"), transport: transport) {
                    $0.video.count >= 25
                }
                #expect(intake.failure == nil, "\(String(describing: intake.failure))")
                let stream = try #require(intake.stream)
                #expect(stream.widthPixels == 320 && stream.heightPixels == 180)
                #expect((stream.videoFormat as? Caps)?.bytes("codec_data")?.isEmpty == false)
                #expect(intake.video.prefix(25).count(where: \.isKeyframe) == 3)
                let wakes = Wakes()
                let decoder = try GStreamerDecoderOpener().open(stream, wake: wakes.wake)
                for unit in intake.video { decoder.decode(unit) }
                var frames = 0
                for await _ in wakes.stream {
                    frames += decoder.drain().count
                    if frames >= 20 || decoder.failure != nil { break }
                }
                #expect(frames >= 20 && decoder.failure == nil)
                await decoder.close()
            }
        }
    }

    @Test func `what came before a change of the size is all there`() async throws {
        let scene = Scene(
            name: "gate", widthPixels: 320, heightPixels: 180, framesPerSecond: 10, durationSeconds: 6,
            keyframeSeconds: 1, actions: [.figure(1...4)])
        let site = SimulatedSite(
            .init(port: 0, streams: [.init(scene: scene)], sharing: .fromStart, script: FaultScript()))
        _ = try site.start()
        defer { site.stop() }
        try await site.ready()
        var hasBegun = false
        let intake = try await Camera.read(site.url(for: "gate")) { intake in
            if !hasBegun, intake.video.count >= 12 {
                hasBegun = true
                _ = try? site.begin(.resolution, on: "gate")
            }
            return intake.video.count >= 600
        }
        #expect(intake.failure?.kind == .changed, "\(String(describing: intake.failure))")
        // It changes with a keyframe: the groups before are whole.
        #expect(intake.video.count >= 20 && intake.video.count % 10 == 0)
        let times = intake.video.map(\.presentation.seconds)
        for (earlier, later) in zip(times, times.dropFirst()) { #expect(abs(later - earlier - 0.1) < 0.02) }
    }
}
