import Domain
import Simulator
import Synchronization
import Testing

@testable import Ingest

@Suite(.timeLimit(.minutes(10)))
struct CameraProbeTests {
    /// Keeps what it was given instead of encoding it.
    private final class Sizes: StillEncoder {
        let seen = Mutex<[[Int]]>([])
        func encode(_ picture: PictureView, crop: Box?, longestSidePixels: Int, quality: Int) throws -> Still {
            seen.withLock { $0.append([picture.widthPixels, picture.heightPixels]) }
            return Still(jpeg: [1, 2, 3], widthPixels: picture.widthPixels, heightPixels: picture.heightPixels)
        }
    }

    private func probe(
        _ url: String, stills: Sizes = Sizes(), seconds: Double = 20
    ) async throws(SourceError) -> CameraFindings {
        try await CameraProbe(
            sources: RTSPOpener(clock: SystemClock()), decoders: GStreamerDecoderOpener(), stills: stills
        ).probe(Domain.SourceLocation(url: url, transport: .tcp, timeoutSeconds: seconds))
    }

    @Test(arguments: VideoCodec.allCases)
    func `a camera's codec, size, rates and picture are told`(codec: VideoCodec) async throws {
        try await Camera.withFootage(codec: codec, frames: 100) { path in
            try await Camera.withSite([.init(name: "gate", source: .file(path: path))]) { site in
                let stills = Sizes()
                let findings = try await probe(site.url(for: "gate"), stills: stills)
                #expect(findings.codec == codec && findings.widthPixels == 322 && findings.heightPixels == 242)
                // Footage has twenty pictures a second, and a keyframe every half second.
                #expect(abs(try #require(findings.framesPerSecond) - 20) < 1)
                #expect(abs(try #require(findings.keyframeIntervalSeconds) - 0.5) < 0.1)
                #expect(try #require(findings.bitrateKbps) > 1 && findings.measuredSeconds >= 3)
                #expect(findings.decoder == (codec == .h264 ? "avdec_h264" : "avdec_h265"))
                #expect(findings.picture?.jpeg == [1, 2, 3] && stills.seen.withLock { $0 } == [[322, 242]])
                #expect(!findings.hasAudio)
            }
        }
    }

    private func refusal(_ url: String, seconds: Double = 20) async -> SourceError? {
        do throws(SourceError) {
            _ = try await probe(url, seconds: seconds)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a wrong password and a wrong path are told, without the password`() async throws {
        try await Camera.withFootage(frames: 20) { path in
            try await Camera.withSite(
                [.init(name: "gate", source: .file(path: path))], credentials: .init(user: "guard", password: "right")
            ) { site in
                let wrong = await refusal(try site.url(for: "gate", user: "guard", password: "hunter2"))
                #expect(wrong?.kind == .unauthorized && wrong?.detail.contains("hunter2") == false)
                let lost = await refusal(try site.url(for: "gate", user: "guard", password: "right") + "/nothing")
                #expect(lost?.kind == .notFound && lost?.detail.contains("right") == false)
            }
        }
    }

    @Test(arguments: [
        (Fault.refuse, SourceError.Kind.unreachable), (.silentAccept, .timeout), (.audioOnly, .unsupported),
    ])
    func `why a camera cannot be watched is told in time`(fault: Fault, kind: SourceError.Kind) async throws {
        let began = ContinuousClock.now
        let failure = try await Camera.withFootage(frames: 20) { path in
            try await Camera.withSite([.init(name: "gate", source: .file(path: path), fault: fault)]) { site in
                await refusal(try site.url(for: "gate"), seconds: 2)
            }
        }
        #expect(failure?.kind == kind, "\(String(describing: failure))")
        #expect(ContinuousClock.now - began < .seconds(60))
    }
}
