import Domain
import Foundation
import Ingest
import Simulator
import Testing

@testable import Clips

/// From a camera on the network to a file, as the program does it.
@Suite(.timeLimit(.minutes(10)))
struct CameraToClipTests {
    private struct Clock: WallClock {
        var now: WallTime { WallTime(secondsSinceEpoch: Date().timeIntervalSince1970) }
    }

    @Test(
        .enabled(if: Footage.hasProbe),
        arguments: [(VideoCodec.h264, 0), (.h264, 3), (.h265, 2)], Domain.SourceLocation.Transport.allCases)
    func `what a camera sends from a keyframe on is in the clip, each picture once`(
        stream: (VideoCodec, Int), transport: Domain.SourceLocation.Transport
    ) async throws {
        try await Footage.withFolder { folder in
            let source = folder + "/in.mp4"
            try await Footage.generate(source, codec: stream.0, frames: 60, bFrames: stream.1, audio: true)
            let site = SimulatedSite(
                .init(port: 0, streams: [.init(name: "gate", source: .file(path: source))], sharing: .fromStart))
            _ = try site.start()
            defer { site.stop() }
            let path = folder + "/clip.part"
            let (clip, appended) = try await record(site.url(for: "gate"), transport, pictures: 90, to: path)
            #expect(clip.videoUnits == appended && clip.hasAudio)
            let packets = try Footage.packets(path)
            #expect(packets.count == appended)
            for (earlier, later) in zip(packets, packets.dropFirst()) { #expect(earlier.dts < later.dts) }
            let times = packets.map(\.pts).sorted()
            #expect(abs(times[0]) < 0.001)
            // The last group may miss B-frames that had not come when the clip ended.
            for (earlier, later) in zip(times, times.dropFirst()).prefix(80) {
                #expect(abs(later - earlier - 0.05) < 0.005, "\(earlier) \(later)")
            }
            #expect(try Footage.complaints(path) == "")
        }
    }

    @Test(.enabled(if: Footage.hasProbe), arguments: Domain.SourceLocation.Transport.allCases)
    func `each JPEG of a camera is in the clip once, as H.264`(transport: Domain.SourceLocation.Transport) async throws
    {
        try await Footage.withFolder { folder in
            let scene = Scene(
                name: "gate", codec: .mjpeg, widthPixels: 320, heightPixels: 180, framesPerSecond: 10,
                durationSeconds: 6, actions: [.figure(1...4)])
            let site = SimulatedSite(.init(port: 0, streams: [.init(scene: scene)], sharing: .fromStart))
            _ = try site.start()
            defer { site.stop() }
            try await site.ready()
            let path = folder + "/clip.part"
            let (clip, appended) = try await record(site.url(for: "gate"), transport, pictures: 50, to: path)
            #expect(clip.videoUnits == appended && appended == 50)
            let packets = try Footage.packets(path)
            #expect(packets.count == 50)
            for (earlier, later) in zip(packets, packets.dropFirst()) {
                #expect(abs(later.pts - earlier.pts - 0.1) < 0.005, "\(earlier) \(later)")
            }
            #expect(try Footage.complaints(path) == "")
        }
    }

    private func record(
        _ url: String, _ transport: Domain.SourceLocation.Transport, pictures: Int, to path: String
    ) async throws -> (FinishedClip, Int) {
        let (wakes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let source = try RTSPOpener(clock: Clock()).open(
            .init(url: url, transport: transport, timeoutSeconds: 10)
        ) { continuation.yield() }
        var writer: (any ClipWriter)?
        var count = 0
        reading: for await _ in wakes {
            for item in source.drain() {
                switch item {
                case .stream(let description): writer = try MP4ClipWriterOpener().open(description, path: path)
                case .accessUnit(let unit):
                    writer?.append(unit)
                    if unit.track == .video { count += 1 }
                    if count == pictures { break reading }
                case .failed(let error): throw error
                }
            }
        }
        await source.close()
        return (try await #require(writer).finish(), count)
    }
}
