import Domain
import Simulator
import Testing

@testable import Ingest

/// What comes out of a connection while the camera misbehaves. The whole service before every fault is in
/// `EndToEndTests/MisbehaviourTests`.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct MisbehaviourTests {
    private func withCamera<Value>(
        codec: StreamCodec = .h264, _ body: (SimulatedSite, String) async throws -> Value
    ) async throws -> Value {
        let scene = Scene(
            name: "gate", codec: codec, widthPixels: 320, heightPixels: 180, framesPerSecond: 10, durationSeconds: 6,
            keyframeSeconds: 1, actions: [.figure(1...4)])
        let site = SimulatedSite(.init(port: 0, streams: [.init(scene: scene)], script: FaultScript()))
        _ = try site.start()
        defer { site.stop() }
        try await site.ready()
        return try await body(site, try site.url(for: "gate"))
    }

    @Test(arguments: [StreamCodec.h264, .h265], Domain.SourceLocation.Transport.allCases)
    func `a loss is marked on the next picture, and only then`(
        codec: StreamCodec, transport: Domain.SourceLocation.Transport
    ) async throws {
        try await withCamera(codec: codec) { site, url in
            let clean = try await Camera.read(url, transport: transport) { $0.video.count >= 25 }
            #expect(clean.failure == nil)
            #expect(clean.video.dropFirst().count { $0.followsLoss } == 0)
            let token = try site.begin(.loss(share: 0.1), on: "gate")
            let lossy = try await Camera.readAnew(url, transport: transport) { $0.video.count >= 60 }
            site.end(token, on: "gate")
            #expect(lossy.failure == nil)
            #expect(lossy.video.dropFirst().count { $0.followsLoss } > 2)
        }
    }

    /// Over TCP it takes a relay to mix them.
    @Test(arguments: [Domain.SourceLocation.Transport.tcp, .udp])
    func `reordered packets come out in order and whole`(
        transport: Domain.SourceLocation.Transport
    ) async throws {
        try await withCamera { site, url in
            try site.begin(.reorder(share: 0.3), on: "gate")
            let intake = try await Camera.read(url, transport: transport) { $0.video.count >= 40 }
            #expect(intake.failure == nil)
            #expect(!intake.video.dropFirst().contains { $0.followsLoss })
            let times = intake.video.map(\.presentation.seconds)
            for (earlier, later) in zip(times, times.dropFirst()) { #expect(abs(later - earlier - 0.1) < 0.02) }
        }
    }

    @Test(arguments: [3600.0, -3600, 86_400])
    func `a jump of the timestamps ends the connection and not the process`(seconds: Double) async throws {
        try await withCamera { site, url in
            var hasJumped = false
            let intake = try await Camera.read(url) { intake in
                if intake.video.count >= 10, !hasJumped {
                    hasJumped = true
                    _ = try? site.begin(.jump(seconds: seconds), on: "gate")
                }
                return intake.video.count >= 60
            }
            // Either it is told, or the jitter buffer has already made one timeline of it.
            if let failure = intake.failure { #expect(failure.kind == .changed, "\(failure)") }
            let times = intake.video.map(\.presentation.seconds)
            for (earlier, later) in zip(times, times.dropFirst()) { #expect(later - earlier < 12 && later > earlier) }
            let anew = try await Camera.readAnew(url) { $0.video.count >= 10 }
            #expect(anew.failure == nil)
        }
    }

    @Test func `another size in the middle is told with both sizes`() async throws {
        try await withCamera { site, url in
            var hasBegun = false
            let intake = try await Camera.read(url) { intake in
                if !hasBegun, intake.video.count >= 5 {
                    hasBegun = true
                    _ = try? site.begin(.resolution, on: "gate")
                }
                return intake.video.count >= 600
            }
            #expect(intake.failure?.kind == .changed, "\(String(describing: intake.failure))")
            #expect(
                intake.failure?.detail.contains("320x180 to 240x134") == true, "\(String(describing: intake.failure))")
            let anew = try await Camera.readAnew(url) { $0.video.count >= 15 }
            #expect(anew.failure == nil && anew.stream?.widthPixels == 240)
        }
    }

    @Test(arguments: [
        (Misbehaviour.endlessSDP, [SourceError.Kind.unsupported]), (.unauthorized, [.unauthorized]),
        (.refuse, [.unreachable]), (.hang, [.timeout]),
        (.garbage, [.unsupported, .ended, .timeout, .corrupt]),
    ])
    func `a camera that does not serve is named as the reason`(
        fault: Misbehaviour, kinds: [SourceError.Kind]
    ) async throws {
        try await withCamera { site, url in
            let token = try site.begin(fault, on: "gate")
            let failure = try await Camera.read(url, timeoutSeconds: fault == .hang ? 3 : 20).failure
            #expect(failure.map { kinds.contains($0.kind) } == true, "\(String(describing: failure))")
            site.end(token, on: "gate")
            let after = try await Camera.readAnew(url) { $0.video.count >= 5 }
            #expect(after.failure == nil)
        }
    }

    @Test(arguments: [Misbehaviour.truncate(share: 0.5), .garble(share: 0.5)])
    func `damaged pictures keep coming`(fault: Misbehaviour) async throws {
        for codec in [StreamCodec.h264, .h265] {
            try await withCamera(codec: codec) { site, url in
                try site.begin(fault, on: "gate")
                let intake = try await Camera.read(url) { $0.video.count >= 40 }
                #expect(
                    intake.failure.map { [.corrupt, .changed].contains($0.kind) } ?? true, "\(intake.failure as Any)")
                if intake.failure == nil { #expect(intake.video.count >= 40) }
            }
        }
    }
}
