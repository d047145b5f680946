import Domain
import GStreamerKit
import Simulator
import Synchronization
import Testing

@testable import Ingest

/// What every kind of source promises (`MediaSource`), the same for cameras of the network and of this machine.
@Suite(.timeLimit(.minutes(10)))
struct SourceConformanceTests {
    enum Kind: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case rtsp, rtspJPEG, deviceH264, deviceJPEG, deviceRaw

        var testDescription: String { rawValue }
        var sent: SourceCodec {
            switch self {
            case .rtsp, .deviceH264: .h264
            case .rtspJPEG, .deviceJPEG: .mjpeg
            case .deviceRaw: .raw
            }
        }
    }

    /// Lets `body` open a camera of the kind with ten pictures a second; `pictures` is how many it sends, then it ends.
    private func with<Value>(
        _ kind: Kind, pictures: Int? = nil, _ body: (String, any SourceOpener) async throws -> Value
    ) async throws -> Value {
        let clock = SystemClock()
        switch kind {
        case .rtsp, .rtspJPEG:
            let scene = Scene(
                name: "gate", codec: kind == .rtsp ? .h264 : .mjpeg, widthPixels: 320, heightPixels: 192,
                framesPerSecond: 10, durationSeconds: pictures.map { $0 / 10 } ?? 6, actions: [.figure(1...4)])
            return try await Camera.withSite([.init(scene: scene)], repetition: pictures == nil ? .loop : .once) {
                site in
                try await site.ready()
                return try await body(site.url(for: "gate"), CameraOpener(clock: clock))
            }
        default:
            let opener = CameraOpener(
                clock: clock, encoders: .software, hardware: FakeCaptures(kind.sent, pictures: pictures))
            return try await body("v4l2:///dev/video0", opener)
        }
    }

    @Test(arguments: Kind.allCases)
    func `the description comes first, then every picture once, in order and at its time`(kind: Kind) async throws {
        let intake = try await with(kind) { url, opener in
            try await Camera.read(url, opener: opener) { $0.video.count >= 45 }
        }
        #expect(intake.failure == nil, "\(String(describing: intake.failure))")
        #expect(intake.order.hasPrefix("sv"))
        let stream = try #require(intake.stream)
        #expect(stream.codec == .h264 && stream.sourceCodec == kind.sent && stream.audioFormat == nil)
        #expect(stream.widthPixels == 320 && stream.heightPixels == 192)
        #expect((stream.encoder == nil) == (kind.sent == .h264))
        #expect(intake.video[0].isKeyframe)
        let keyframes = intake.video.prefix(45).filter(\.isKeyframe).map(\.presentation.seconds)
        #expect(keyframes.count == 3)
        for (earlier, later) in zip(keyframes, keyframes.dropFirst()) { #expect(abs(later - earlier - 2) < 0.11) }
        let times = intake.video.map(\.presentation.seconds)
        for (earlier, later) in zip(times, times.dropFirst()) { #expect(abs(later - earlier - 0.1) < 0.02) }
        #expect(intake.video.dropFirst().allSatisfy { !$0.followsLoss })

        let wakes = Wakes()
        let decoder = try GStreamerDecoderOpener().open(stream, wake: wakes.wake)
        for unit in intake.video { decoder.decode(unit) }
        var frames = 0
        for await _ in wakes.stream {
            frames += decoder.drain().count
            if frames >= 40 || decoder.failure != nil { break }
        }
        #expect(frames >= 40 && decoder.failure == nil && decoder.dropped == 0)
        await decoder.close()
    }

    @Test(arguments: Kind.allCases)
    func `a source that ends has given everything`(kind: Kind) async throws {
        let intake = try await with(kind, pictures: 20) { url, opener in try await Camera.read(url, opener: opener) }
        #expect(intake.video.count == 20)
        #expect(intake.failure?.kind == .ended, "\(String(describing: intake.failure))")
    }

    /// Opens sources that are at rest from the start.
    private struct RestingOpener: SourceOpener {
        let opener: any SourceOpener

        func open(
            _ location: Domain.SourceLocation, wake: @escaping @Sendable () -> Void
        ) throws(SourceError) -> any MediaSource {
            let source = try opener.open(location, wake: wake)
            source.rest(true)
            return source
        }
    }

    @Test(arguments: Kind.allCases)
    func `at rest every picture comes, and the end`(kind: Kind) async throws {
        let intake = try await with(kind, pictures: 20) { url, opener in
            try await Camera.read(url, opener: RestingOpener(opener: opener))
        }
        #expect(intake.video.count == 20)
        #expect(intake.failure?.kind == .ended, "\(String(describing: intake.failure))")
    }

    @Test(arguments: Kind.allCases)
    func `after it is closed nothing wakes`(kind: Kind) async throws {
        try await with(kind) { url, opener in
            for _ in 0..<3 {
                let count = Count()
                let source = try opener.open(
                    Domain.SourceLocation(url: url, transport: .tcp, timeoutSeconds: 20), wake: { count.wake() })
                await source.close()
                count.close()
                await source.close()
                _ = source.drain()
                #expect(count.late == 0)
            }
        }
    }

    private final class Count: Sendable {
        private let state = Mutex((isClosed: false, late: 0))
        func wake() { state.withLock { if $0.isClosed { $0.late += 1 } } }
        func close() { state.withLock { $0.isClosed = true } }
        var late: Int { state.withLock { $0.late } }
    }
}
