import Foundation
import Testing

@testable import Simulator

/// Each fault as an ordinary RTSP client meets it.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct MisbehaviourTests {
    private func withSite(
        script: FaultScript = FaultScript(), _ body: (SimulatedSite, String) async throws -> Void
    ) async throws {
        let site = SimulatedSite(
            .init(port: 0, streams: [.init(scene: SmallScene.make("gate", seconds: 4))], script: script))
        try site.start()
        defer { site.stop() }
        try await site.ready()
        try await body(site, try site.url(for: "gate"))
    }

    private func complaints(_ url: String, limitSeconds: Double = 120) async throws -> Child.Outcome {
        try await Child.run(
            ["ffprobe", "-v", "error", "-rtsp_transport", "tcp", url], limitSeconds: limitSeconds)
    }

    @Test(arguments: ["tcp", "udp"])
    func `without a fault the camera's own port serves as the site's does`(transport: String) async throws {
        try await withSite { site, url in
            #expect(try await Child.streams(url, transport: transport) == ["h264,320,180"])
            let packets = try await Child.packets(url, seconds: 2).packets
            #expect(packets.count >= 19)
        }
    }

    @Test(arguments: [
        (Misbehaviour.refuse, "refused"), (.unauthorized, "401"), (.garbage, ""), (.endlessSDP, ""), (.hang, ""),
    ])
    func `a camera that does not serve says so in its way, and serves again afterwards`(
        fault: Misbehaviour, complaint: String
    ) async throws {
        try await withSite { site, url in
            let token = try site.begin(fault, on: "gate")
            let outcome = try await complaints(url, limitSeconds: complaint.isEmpty ? 5 : 120)
            #expect(outcome.wasKilled || !outcome.complaints.isEmpty, "\(outcome)")
            #expect(complaint.isEmpty || outcome.complaints.contains(complaint), "\(outcome)")
            site.end(token, on: "gate")
            site.end(token, on: "gate")
            #expect(try site.url(for: "gate") == url)
            #expect(try await Child.streams(url) == ["h264,320,180"])
        }
    }

    @Test func `the other codec and the other size are served while asked for`() async throws {
        try await withSite { site, url in
            let codec = try site.begin(.codec, on: "gate")
            #expect(try await Child.streams(url) == ["hevc,320,180"])
            site.end(codec, on: "gate")
            #expect(try await Child.streams(url) == ["h264,320,180"])
            let size = try site.begin(.resolution, on: "gate")
            // ffmpeg logs the change in the middle of the session when its pictures get another size.
            let outcome = try await Child.run(
                [
                    "ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-read_intervals", "%+12", "-show_entries",
                    "frame=width", "-of", "csv=p=0", url,
                ])
            #expect(outcome.output.contains("240"), "\(outcome)")
            // It begins with a keyframe, and ends with one, too, when asked for in between.
            let sent = try #require(site.counters(of: "gate")).unitsSent
            async let back = Child.run(
                [
                    "ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-read_intervals", "%+6", "-show_entries",
                    "frame=width", "-of", "csv=p=0", url,
                ])
            try await site.playing("gate", beyond: sent + 5)
            site.end(size, on: "gate")
            let pictures = try await back
            #expect(pictures.output.hasPrefix("240") && pictures.output.contains("320"), "\(pictures)")
            #expect(pictures.complaints == "")
        }
    }

    @Test func `a stalled camera keeps the connection and a dropped one does not`() async throws {
        try await withSite { site, url in
            async let client = Child.packets(url, seconds: 600)
            try await site.playing("gate")
            let token = try site.begin(.stall, on: "gate")
            let sent = try #require(site.counters(of: "gate")).unitsSent
            _ = try await complaints(url, limitSeconds: 2)
            #expect((try #require(site.counters(of: "gate")).unitsSent) <= sent + 2)
            site.end(token, on: "gate")
            try await site.playing("gate", beyond: sent + 10)
            #expect(site.clientCount == 1)
            try site.begin(.drop, on: "gate")
            #expect(try await !client.outcome.wasKilled)
        }
    }

    @Test func `lost, truncated and garbled pictures make a decoder complain, reordered ones do not over TCP`()
        async throws
    {
        for fault in [Misbehaviour.loss(share: 0.2), .truncate(share: 0.3), .garble(share: 0.5)] {
            try await withSite { site, url in
                let token = try site.begin(fault, on: "gate")
                let outcome = try await Child.run([
                    "ffmpeg", "-v", "error", "-rtsp_transport", "tcp", "-i", url, "-t", "4", "-f", "null", "-",
                ])
                #expect(!outcome.complaints.isEmpty, "\(fault)")
                site.end(token, on: "gate")
            }
        }
    }

    @Test func `a script happens by itself`() async throws {
        // Long beside what a client takes to begin on a busy machine.
        let script = FaultScript(entries: [.init(atSeconds: 0, camera: "gate", fault: .refuse, forSeconds: 10)])
        try await withSite(script: script) { site, url in
            // It began with the site; when it is over there is no signal for, so try now and then.
            #expect(try await complaints(url).complaints.contains("refused"))
            var streams: [String] = []
            while streams.isEmpty { streams = try await Child.streams(url) }
            #expect(streams == ["h264,320,180"])
        }
    }
}
