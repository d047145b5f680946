import Domain
import GStreamerKit
import Simulator
import Testing

@testable import Ingest

@Suite(.timeLimit(.minutes(10)))
struct RTSPSourceTests {
    @Test(
        arguments: [(VideoCodec.h264, 0), (.h264, 3), (.h265, 0), (.h265, 2)], Domain.SourceLocation.Transport.allCases)
    func `every picture of a camera arrives once, in order and at its time`(
        stream: (VideoCodec, Int), transport: Domain.SourceLocation.Transport
    ) async throws {
        let intake = try await Camera.withFootage(codec: stream.0, bFrames: stream.1) { path in
            try await Camera.withSite([.init(name: "gate", source: .file(path: path))]) { site in
                try await Camera.read(site.url(for: "gate"), transport: transport) { $0.video.count >= 60 }
            }
        }
        #expect(intake.failure == nil)
        #expect(intake.order.hasPrefix("sv"))
        let description = try #require(intake.stream)
        #expect(description.codec == stream.0)
        #expect(description.widthPixels == 322 && description.heightPixels == 242)
        #expect(description.audioFormat == nil)
        #expect(intake.video[0].isKeyframe)
        #expect(intake.video.prefix(60).count(where: \.isKeyframe) == 6)
        let times = intake.video.prefix(56).map(\.presentation.seconds).sorted()
        for (earlier, later) in zip(times.prefix(50), times.dropFirst()) {
            #expect(abs(later - earlier - 0.05) < 0.02, "\(earlier) \(later)")
        }
        #expect((intake.video.map(\.presentation) == intake.video.map(\.presentation).sorted()) == (stream.1 == 0))
    }

    @Test func `sound that a clip can hold comes with the pictures`() async throws {
        let intake = try await Camera.withFootage(frames: 80, audio: true) { path in
            try await Camera.withSite([.init(name: "gate", source: .file(path: path))]) { site in
                try await Camera.read(site.url(for: "gate")) { $0.video.count >= 30 && $0.audio.count >= 50 }
            }
        }
        #expect(intake.failure == nil)
        let format = try #require(intake.stream?.audioFormat as? Caps)
        #expect(format.integer("rate") == 44100 && format.bytes("codec_data") != nil)
        // The file's sound lasts 17 ms longer than its pictures, so the loop has a seam; it is later than this.
        let times = intake.audio.prefix(50).map(\.presentation.seconds)
        for (earlier, later) in zip(times, times.dropFirst()) { #expect(abs(later - earlier - 1024.0 / 44100) < 0.01) }
    }

    @Test func `the right credentials open the camera and wrong ones are named as the reason`() async throws {
        let secret = "p@ss:w/rd"
        try await Camera.withFootage { path in
            try await Camera.withSite(
                [.init(name: "gate", source: .file(path: path))], credentials: .init(user: "ad min", password: secret)
            ) { site in
                let right = try await Camera.read(site.url(for: "gate", user: "ad min", password: secret)) {
                    !$0.video.isEmpty
                }
                #expect(right.failure == nil)
                for url in [try site.url(for: "gate", user: "ad min", password: "wr0ng"), try site.url(for: "gate")] {
                    let wrong = try await Camera.read(url)
                    #expect(wrong.failure?.kind == .unauthorized, "\(String(describing: wrong.failure))")
                    #expect(wrong.failure?.detail.contains("wr0ng") == false)
                }
            }
        }
    }

    @Test(arguments: SimulatedSite.Credentials.Scheme.allCases)
    func `credentials with every special character are taken, whichever way the camera asks for them`(
        scheme: SimulatedSite.Credentials.Scheme
    ) async throws {
        let (user, password) = ("op&erator=1", "p@ss:w/rd%?#[é] ü")
        try await Camera.withFootage { path in
            try await Camera.withSite(
                [.init(name: "gate", source: .file(path: path))],
                credentials: .init(user: user, password: password, scheme: scheme)
            ) { site in
                let right = try await Camera.read(site.url(for: "gate", user: user, password: password)) {
                    !$0.video.isEmpty
                }
                #expect(right.failure == nil, "\(String(describing: right.failure))")
                let wrong = try await Camera.read(site.url(for: "gate", user: user, password: "p@ss:w/rd"))
                #expect(wrong.failure?.kind == .unauthorized, "\(String(describing: wrong.failure))")
                #expect(wrong.failure?.detail.contains("w/rd") == false)
            }
        }
    }

    @Test func `when RTP timestamps wrap nothing is lost and time goes on`() async throws {
        let intake = try await Camera.withFootage(frames: 80) { path in
            try await Camera.withSite([
                // Wraps after a second and a half.
                .init(name: "gate", source: .file(path: path), firstTimestamp: UInt32.max - 135_000)
            ]) { site in
                try await Camera.read(site.url(for: "gate")) { $0.video.count >= 70 }
            }
        }
        #expect(intake.failure == nil, "\(String(describing: intake.failure))")
        let times = intake.video.prefix(70).map(\.presentation.seconds)
        for (earlier, later) in zip(times, times.dropFirst()) {
            #expect(abs(later - earlier - 0.05) < 0.02, "\(earlier) \(later)")
        }
    }

    @Test(arguments: [
        (Fault.refuse, SourceError.Kind.unreachable), (.silentAccept, .timeout), (.stall(afterSeconds: 1), .stalled),
        (.drop(afterSeconds: 1), .ended), (.audioOnly, .unsupported),
    ])
    func `a camera that misbehaves fails with the reason`(fault: Fault, kind: SourceError.Kind) async throws {
        let failure = try await Camera.withFootage { path in
            try await Camera.withSite([.init(name: "gate", source: .file(path: path), fault: fault)]) { site in
                // Where silence is not the subject, a slow machine's must not be taken for the camera's.
                try await Camera.read(
                    site.url(for: "gate"), timeoutSeconds: [.timeout, .stalled].contains(kind) ? 4 : 20)
            }
        }.failure
        #expect(failure?.kind == kind, "\(String(describing: failure))")
        #expect(failure?.detail.contains("127.0.0.1") == true)
    }

    /// The session that the packets pass by takes their source for dead after some 22 s (`rtp_shortcut.c`).
    @Test(arguments: Domain.SourceLocation.Transport.allCases)
    func `a camera that sends no RTCP is received for as long as it sends`(
        transport: Domain.SourceLocation.Transport
    ) async throws {
        let intake = try await Camera.withFootage { path in
            try await Camera.withSite([.init(name: "gate", source: .file(path: path), fault: .withoutRTCP)]) { site in
                try await Camera.read(site.url(for: "gate"), transport: transport) { $0.video.count >= 700 }
            }
        }
        #expect(intake.failure == nil, "\(String(describing: intake.failure))")
        #expect(intake.video.count >= 700)
    }

    @Test func `a path that the camera does not have is named as the reason`() async throws {
        let failure = try await Camera.withFootage { path in
            try await Camera.withSite([.init(name: "gate", source: .file(path: path))]) { site in
                try await Camera.read(site.url(for: "gate") + "/nothing/here")
            }
        }.failure
        #expect(failure?.kind == .notFound, "\(String(describing: failure))")
    }

    @Test func `a host that does not exist is unreachable`() async throws {
        let failure = try await Camera.read("rtsp://u:secret@no-such-host.invalid:8554/x").failure
        #expect(failure?.kind == .unreachable, "\(String(describing: failure))")
        #expect(failure?.detail.contains("secret") == false)
    }

    @Test func `a stream that ends has ended`() async throws {
        let intake = try await Camera.withFootage(frames: 20) { path in
            try await Camera.withSite([.init(name: "gate", source: .file(path: path))], repetition: .once) { site in
                try await Camera.read(site.url(for: "gate"))
            }
        }
        #expect(intake.video.count == 20)
        #expect(intake.failure?.kind == .ended, "\(String(describing: intake.failure))")
    }

    @Test func `closing at once is quick and nothing wakes afterwards`() async throws {
        try await Camera.withFootage { path in
            try await Camera.withSite([.init(name: "gate", source: .file(path: path))]) { site in
                for _ in 0..<10 {
                    let source = try RTSPOpener(clock: SystemClock()).open(
                        Domain.SourceLocation(url: site.url(for: "gate"), transport: .tcp, timeoutSeconds: 5)
                    ) {}
                    await source.close()
                    #expect(source.drain().count >= 0)
                }
            }
        }
    }
}
