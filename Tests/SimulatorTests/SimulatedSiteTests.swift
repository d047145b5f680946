import Foundation
import Testing

@testable import Simulator

/// Small scenes, so that a test waits for a moment only.
enum SmallScene {
    static func make(_ name: String, codec: StreamCodec = .h264, seconds: Int = 3) -> Scene {
        Scene(
            name: name, codec: codec, widthPixels: 320, heightPixels: 180, framesPerSecond: 10,
            durationSeconds: seconds,
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

@Suite(.serialized, .timeLimit(.minutes(10)))
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
        let steps = zip(packets.dropFirst(), packets.dropFirst(2)).map { $1.seconds - $0.seconds }
        #expect(steps.allSatisfy { abs($0 - 0.1) < 0.002 }, "\(steps)")
        // Ten pictures a second and a keyframe every ten, in every turn.
        let keys = packets.indices.filter { packets[$0].isKeyframe }
        #expect(keys == Array(stride(from: 0, to: packets.count, by: 10)))
        // The turns began one loop apart.
        let turns = try #require(site.counters(of: "gate")).turns
        #expect(turns.map(\.number) == [0, 1, 2])
        #expect(zip(turns, turns.dropFirst()).allSatisfy { abs($1.startedAt - $0.startedAt - 3) < 0.01 })
    }

    @Test func `each client sees the program from its start when asked for`() async throws {
        let site = SmallScene.site([.init(scene: SmallScene.make("gate"))], sharing: .fromStart)
        try site.start()
        defer { site.stop() }
        try await site.ready()
        let url = try site.url(for: "gate")
        let first = try await Child.packets(url, seconds: 1.2).packets.prefix(10).map(\.byteCount)
        let second = try await Child.packets(url, seconds: 1.2).packets.prefix(10).map(\.byteCount)
        #expect(first.count == 10)
        #expect(first == second)
        #expect(try #require(site.counters(of: "gate")).sessions == 2)
    }

    @Test func `a program played once ends the stream after its last unit`() async throws {
        let site = SmallScene.site([.init(scene: SmallScene.make("gate"))], sharing: .fromStart, repetition: .once)
        try site.start()
        defer { site.stop() }
        try await site.ready()
        let (packets, outcome) = try await Child.packets(try site.url(for: "gate"), seconds: 20)
        #expect(packets.count == 30)
        #expect(!outcome.wasKilled, "the client was not told that the stream ended")
    }

    @Test func `a later client of a shared feed goes on where the feed would be`() async throws {
        let site = SmallScene.site([.init(scene: SmallScene.make("gate", seconds: 30))])
        try site.start()
        defer { site.stop() }
        try await site.ready()
        let url = try site.url(for: "gate")
        _ = try await Child.packets(url, seconds: 3)
        let started = try #require(site.feedStarted("gate"))
        let (packets, _) = try await Child.packets(url, seconds: 1)
        #expect(packets.first?.isKeyframe == true)
        // At most one keyframe interval back (1 s), plus what it takes to connect on a busy machine; from its start again it would be 3 s.
        let moved = try #require(site.feedStarted("gate")) - started
        #expect(moved >= -0.01 && moved < 2.5, "\(moved)")
    }

    @Test(arguments: SimulatedSite.Credentials.Scheme.allCases)
    func `only the right user and password get in`(scheme: SimulatedSite.Credentials.Scheme) async throws {
        let site = SmallScene.site(
            [.init(scene: SmallScene.make("gate"))],
            credentials: .init(user: "viewer", password: "s3cret", scheme: scheme))
        try site.start()
        defer { site.stop() }
        try await site.ready()
        let right = try site.url(for: "gate", user: "viewer", password: "s3cret")
        #expect(try await Child.streams(right) == ["h264,320,180"])
        for url in [try site.url(for: "gate", user: "viewer", password: "wrong"), try site.url(for: "gate")] {
            let outcome = try await Child.run(["ffprobe", "-v", "error", "-rtsp_transport", "tcp", url])
            #expect(outcome.complaints.contains("401"), "\(outcome)")
        }
    }

    @Test func `an unknown path is not found`() async throws {
        let site = SmallScene.site([.init(scene: SmallScene.make("gate"))])
        try site.start()
        defer { site.stop() }
        let url = try site.url(for: "gate").replacing("/gate", with: "/nothing")
        let outcome = try await Child.run(["ffprobe", "-v", "error", "-rtsp_transport", "tcp", url])
        #expect(outcome.complaints.contains("404"))
        #expect(throws: SimulatorError.self) { try site.url(for: "nothing") }
    }

    @Test func `a site without streams serves its generated scenes and says so`() async throws {
        let site = SmallScene.site([])
        let served = try site.start()
        defer { site.stop() }
        #expect(served.map(\.name) == ["gate", "yard", "rain"])
        #expect(site.describe().contains("a figure walks left to right"))
        #expect(site.describe().contains("h265, 640×360, 10 fps, 60 s loop"))
        let began = Date()
        try await site.ready()
        print("the built-in scenes were made in \(Date().timeIntervalSince(began)) s")
        let gate = try await site.contentWhenReady(of: "gate")
        #expect(gate.accessUnitCount == 600 && gate.keyframeCount == 30 && gate.loopSeconds == 60)
        print(site.describe(), gate.byteCount)
    }
}
