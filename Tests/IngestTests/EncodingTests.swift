import Domain
import GStreamerKit
import Simulator
import Testing

@testable import Ingest

/// Cameras whose pictures are encoded here.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct EncodingTests {
    private func withCamera<Value>(
        _ body: (SimulatedSite, String) async throws -> Value
    ) async throws -> Value {
        let scene = Scene(
            name: "gate", codec: .mjpeg, widthPixels: 320, heightPixels: 192, framesPerSecond: 10, durationSeconds: 6,
            actions: [.figure(1...4)])
        let site = SimulatedSite(.init(port: 0, streams: [.init(scene: scene)], script: FaultScript()))
        _ = try site.start()
        defer { site.stop() }
        try await site.ready()
        return try await body(site, try site.url(for: "gate"))
    }

    @Test(arguments: Domain.SourceLocation.Transport.allCases)
    func `after a loss comes a keyframe that says so, and no picture twice`(
        transport: Domain.SourceLocation.Transport
    ) async throws {
        try await withCamera { site, url in
            let token = try site.begin(.loss(share: 0.02), on: "gate")
            let lossy = try await Camera.read(url, transport: transport) { intake in
                intake.video.count >= 40 && intake.video.dropFirst().contains { $0.followsLoss }
            }
            site.end(token, on: "gate")
            #expect(lossy.failure == nil, "\(String(describing: lossy.failure))")
            let marked = lossy.video.dropFirst().filter(\.followsLoss)
            #expect(!marked.isEmpty && marked.allSatisfy(\.isKeyframe))
            let times = lossy.video.map(\.presentation.seconds)
            for (earlier, later) in zip(times, times.dropFirst()) {
                // Whole pictures are missing, and the others are where they belong.
                let steps = (later - earlier) / 0.1
                #expect(steps > 0.5 && abs(steps - steps.rounded()) < 0.2, "\(earlier) \(later)")
            }
        }
    }

    @Test func `damaged pictures and another size do not end it for good`() async throws {
        try await withCamera { site, url in
            let token = try site.begin(.garble(share: 0.3), on: "gate")
            let damaged = try await Camera.read(url) { $0.video.count >= 30 }
            site.end(token, on: "gate")
            #expect(damaged.failure.map { $0.kind == .corrupt } ?? true, "\(String(describing: damaged.failure))")
            var hasBegun = false
            let intake = try await Camera.readAnew(url) { intake in
                if !hasBegun, intake.video.count >= 5 {
                    hasBegun = true
                    _ = try? site.begin(.resolution, on: "gate")
                }
                return intake.video.count >= 600
            }
            #expect(
                intake.failure?.kind == .changed && intake.failure?.detail.contains("320x192 to 240x144") == true,
                "\(String(describing: intake.failure))")
            let anew = try await Camera.readAnew(url) { $0.video.count >= 5 }
            #expect(anew.failure == nil && anew.stream?.widthPixels == 240)
        }
    }

    @Test(arguments: [3600.0])
    func `a jump of the timestamps ends the connection or is none`(seconds: Double) async throws {
        try await withCamera { site, url in
            var hasJumped = false
            let intake = try await Camera.read(url) { intake in
                if intake.video.count >= 10, !hasJumped {
                    hasJumped = true
                    _ = try? site.begin(.jump(seconds: seconds), on: "gate")
                }
                return intake.video.count >= 40
            }
            if let failure = intake.failure { #expect(failure.kind == .changed, "\(failure)") }
            let times = intake.video.map(\.presentation.seconds)
            for (earlier, later) in zip(times, times.dropFirst()) { #expect(later - earlier < 12 && later > earlier) }
        }
    }

    @Test func `a probe tells what the camera sends and what is recorded`() async throws {
        try await withCamera { _, url in
            let findings = try await CameraProbe(
                sources: CameraOpener(clock: SystemClock()), decoders: GStreamerDecoderOpener(), stills: NoStills()
            ).probe(Domain.SourceLocation(url: url, transport: .tcp, timeoutSeconds: 20))
            #expect(findings.sourceCodec == .mjpeg && findings.codec == .h264)
            #expect(findings.encoder == "x264enc" || findings.encoder == "openh264enc")
            #expect(findings.picture?.widthPixels == 320)
        }
    }

    private struct NoStills: StillEncoder {
        func encode(_ picture: PictureView, crop: Box?, longestSidePixels: Int, quality: Int) throws -> Still {
            Still(jpeg: [1], widthPixels: picture.widthPixels, heightPixels: picture.heightPixels)
        }
    }

    @Test func `the survey finds the software encoders and says why others are passed over`() async throws {
        let catalogue = await EncoderCatalogue.survey()
        #expect(catalogue.usable.map(\.element).suffix(2) == ["x264enc", "openh264enc"])
        for finding in catalogue.findings where !catalogue.usable.contains(finding.kind) {
            #expect(finding.reason?.isEmpty == false)
        }
        let missing = await EncoderCatalogue.survey([EncoderKind(element: "nosuchenc", package: "nothing")])
        #expect(missing.usable.isEmpty && missing.findings[0].reason?.contains("nothing") == true)
        // It is there and does not take pictures.
        let wrong = await EncoderCatalogue.survey([EncoderKind(element: "opusenc", package: "nothing")])
        #expect(wrong.usable.isEmpty && wrong.findings[0].reason?.contains("does not encode") == true)
    }

    @Test func `an encoder that fails is told, and the next connection takes the next one`() async throws {
        let encoders = EncoderChoice([
            EncoderKind(element: "nosuchenc", package: "nothing"), EncoderKind.software[1],
        ])
        let opener = CameraOpener(clock: SystemClock(), encoders: encoders)
        try await withCamera { _, url in
            let first = try await Camera.read(url, opener: opener) { !$0.video.isEmpty }
            #expect(first.failure?.kind == .internalFailure, "\(String(describing: first.failure))")
            #expect(try encoders.current().element == "openh264enc")
        }
        let none = EncoderChoice([])
        #expect(throws: SourceError.self) { try none.current() }
    }
}
