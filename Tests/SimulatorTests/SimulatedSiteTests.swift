import Foundation
import Testing

@testable import Simulator

/// Small scenes, so that a test waits for a moment only.
enum SmallScene {
    static func make(_ name: String, codec: StreamCodec = .h264, seconds: Int = 3) -> Scene {
        Scene(
            name: name, codec: codec, widthPixels: 320, heightPixels: 180, framesPerSecond: 10, durationSeconds: seconds,
            keyframeSeconds: 1, actions: [.figure(0.5...2.5)])
    }

    static func site(
        _ streams: [SimulatedSite.Stream], credentials: SimulatedSite.Credentials? = nil,
        sharing: SimulatedSite.Sharing = .sharedFeed, repetition: SimulatedSite.Repetition = .loop
    ) -> SimulatedSite {
        SimulatedSite(
            SimulatedSite.Configuration(
                port: 0, streams: streams, credentials: credentials, sharing: sharing, repetition: repetition))
    }
}

@Suite(.serialized, .timeLimit(.minutes(3)))
struct SimulatedSiteTests {
    @Test(arguments: [(StreamCodec.h264, "tcp"), (.h264, "udp"), (.h265, "tcp"), (.h265, "udp")])
    func `a generated scene is played by a real client`(codec: StreamCodec, transport: String) async throws {
        let site = SmallScene.site([.init(scene: SmallScene.make("gate", codec: codec))])
        try site.start()
        defer { site.stop() }
        let expected = codec == .h264 ? "h264" : "hevc"
        #expect(try await Child.streams(site.url(for: "gate"), transport: transport) == ["\(expected),320,180"])
        #expect(try #require(site.counters(of: "gate")).unitsSent > 0)
    }

    @Test(arguments: [StreamCodec.h264, .h265])
    func `timestamps go on over the end of the loop`(codec: StreamCodec) async throws {
        let site = SmallScene.site([.init(scene: SmallScene.make("gate", codec: codec))])
        try site.start()
        defer { site.stop() }
        try await site.ready()
        let (packets, outcome) = try await Child.packets(try site.url(for: "gate"), seconds: 8)
        #expect(packets.count >= 75, "\(outcome)")
        let steps = zip(packets, packets.dropFirst()).map { $1.seconds - $0.seconds }
        #expect(steps.allSatisfy { abs($0 - 0.1) < 0.002 }, "\(steps)")
        // Ten pictures a second and a keyframe every ten, in every turn.
        let keys = packets.indices.filter { packets[$0].isKeyframe }
        #expect(zip(keys, keys.dropFirst()).allSatisfy { $1 - $0 == 10 }, "\(keys)")
        #expect(packets.first?.isKeyframe == true)
    }
}
