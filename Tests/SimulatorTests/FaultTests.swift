import Foundation
import Testing

@testable import Simulator

@Suite(.serialized, .timeLimit(.minutes(10)))
struct FaultTests {
    private func site(_ fault: Fault) async throws -> SimulatedSite {
        let site = SmallScene.site([
            .init(scene: SmallScene.make("bad"), fault: fault), .init(scene: SmallScene.make("good")),
        ])
        try site.start()
        try await site.ready()
        return site
    }

    @Test func `a stream that refuses has a port nobody listens on, and others go on`() async throws {
        let site = try await site(.refuse)
        defer { site.stop() }
        let outcome = try await Child.run(["ffprobe", "-v", "error", try site.url(for: "bad")])
        #expect(outcome.complaints.contains("refused"), "\(outcome)")
        #expect(try await Child.streams(site.url(for: "good")) == ["h264,320,180"])
    }

    @Test func `a stream that never answers keeps the client waiting`() async throws {
        let site = try await site(.silentAccept)
        defer { site.stop() }
        let outcome = try await Child.run(["ffprobe", "-v", "error", try site.url(for: "bad")], limitSeconds: 3)
        #expect(outcome.wasKilled)
        #expect(outcome.output.isEmpty)
    }

    @Test func `a stalling stream sends for so long and keeps the connection`() async throws {
        let site = try await site(.stall(afterSeconds: 2))
        defer { site.stop() }
        let url = try site.url(for: "bad")
        let client = Task { try await Child.packets(url, seconds: 60) }
        try await site.playing("bad", beyond: 18)
        // As long again as it has sent; that nothing comes gives no signal.
        try await Task.sleep(for: .seconds(2))
        let sent = try #require(site.counters(of: "bad")).unitsSent
        #expect((19...22).contains(sent), "\(sent)")
        client.cancel()
        #expect(try await client.value.outcome.wasKilled)
    }

    @Test func `a dropping stream hangs up, on its own clients only`() async throws {
        let site = try await site(.drop(afterSeconds: 2))
        defer { site.stop() }
        async let good = Child.packets(try site.url(for: "good"), seconds: 5)
        let (packets, outcome) = try await Child.packets(try site.url(for: "bad"), seconds: 20)
        #expect(!outcome.wasKilled)
        #expect((18...22).contains(packets.count), "\(packets.count)")
        #expect(try await good.packets.count >= 49)
    }

    @Test func `a corrupt stream makes decoders complain`() async throws {
        let site = try await site(.corrupt(fraction: 0.5))
        defer { site.stop() }
        func decode(_ name: String) async throws -> Child.Outcome {
            try await Child.run([
                "ffmpeg", "-v", "error", "-rtsp_transport", "tcp", "-i", try site.url(for: name), "-t", "3", "-f",
                "null", "-",
            ])
        }
        #expect(try await decode("good").complaints.isEmpty)
        #expect(try await !decode("bad").complaints.isEmpty)
        #expect(try #require(site.counters(of: "bad")).unitsGarbled > 5)
    }

    @Test func `a stream that is not video offers sound only`() async throws {
        let site = try await site(.audioOnly)
        defer { site.stop() }
        #expect(try await Child.streams(site.url(for: "bad")) == ["aac"])
    }

    @Test(arguments: [SimulatedSite.Outage.cut, .silent])
    func `cameras that were pulled come back on the same port`(outage: SimulatedSite.Outage) async throws {
        let site = try await site(.stall(afterSeconds: 60))
        defer { site.stop() }
        let url = try site.url(for: "good")
        let client = Task { try await Child.packets(url, seconds: 60) }
        try await site.playing("good")
        try site.setReachable(false, outage: outage)
        let refused = try await Child.run(["ffprobe", "-v", "error", "-rtsp_transport", "tcp", url])
        #expect(refused.complaints.contains("refused"))
        let sent = site.counters(of: "good")?.unitsSent
        // Who was cut off ends by itself, who hears nothing waits on.
        if outage == .silent { client.cancel() }
        let outcome = try await client.value.outcome
        #expect(outcome.wasKilled == (outage == .silent), "\(outcome)")
        #expect(site.counters(of: "good")?.unitsSent == sent)
        try site.setReachable(true)
        #expect(try site.url(for: "good") == url)
        #expect(try await Child.streams(url) == ["h264,320,180"])
    }
}
