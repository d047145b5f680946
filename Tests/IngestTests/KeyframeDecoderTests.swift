import Domain
import Simulator
import TestSupport
import Testing

@testable import Ingest

@Suite(.timeLimit(.minutes(10)))
struct KeyframeDecoderTests {
    private func intake(
        _ codec: VideoCodec, bFrames: Int = 0, openGOP: Bool = false, pattern: String = "ball", widthPixels: Int = 322
    ) async throws -> Intake {
        try await Camera.withFootage(
            codec: codec, frames: 20, bFrames: bFrames, openGOP: openGOP, pattern: pattern, widthPixels: widthPixels
        ) { path in
            try await Camera.withSite([.init(name: "gate", source: .file(path: path))]) { site in
                try await Camera.read(site.url(for: "gate")) { $0.video.count >= 18 }
            }
        }
    }

    /// Luma of the first picture that comes out, row after row.
    private func luma(
        _ unit: AccessUnit, of stream: StreamDescription,
        _ open: (@escaping @Sendable () -> Void) throws -> any FrameDecoder
    ) async throws -> [UInt8] {
        let wakes = Wakes()
        let decoder = try open(wakes.wake)
        decoder.decode(unit)
        decoder.finish()
        var luma: [UInt8] = []
        for await _ in wakes.stream {
            if let frame = decoder.drain().last {
                #expect(frame.presentation == unit.presentation)
                try frame.withPicture { picture in
                    #expect(picture.format == .i420 && picture.planes.count == 3)
                    for row in 0..<picture.heightPixels {
                        luma += UnsafeRawBufferPointer(
                            start: picture.luma.bytes + row * picture.luma.strideBytes, count: picture.widthPixels)
                    }
                }
            }
            if decoder.isFinished || decoder.failure != nil { break }
        }
        await decoder.close()
        return luma
    }

    @Test(arguments: VideoCodec.allCases)
    func `a look shows what a whole decoder shows`(codec: VideoCodec) async throws {
        let intake = try await intake(codec)
        let stream = try #require(intake.stream)
        let keyframe = try #require(intake.video.first)
        let look = try await luma(keyframe, of: stream) {
            try GStreamerDecoderOpener().openForOnePicture(stream, wake: $0)
        }
        let whole = try await luma(keyframe, of: stream) { try GStreamerDecoderOpener().open(stream, wake: $0) }
        #expect(look.count == 322 * 242 && whole.count == look.count)
        let difference = zip(look, whole).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        // Deblocking only.
        #expect(difference < look.count, "\(Double(difference) / Double(look.count)) levels a pixel")
        #expect((whole.max() ?? 0) > 100)
    }

    @Test(arguments: VideoCodec.allCases)
    func `a look shows the keyframe of an open GOP`(codec: VideoCodec) async throws {
        let intake = try await intake(codec, bFrames: 2, openGOP: true)
        let stream = try #require(intake.stream)
        let keyframes = intake.video.filter(\.isKeyframe)
        #expect(keyframes.count >= 2)
        for keyframe in keyframes {
            let look = try await luma(keyframe, of: stream) {
                try GStreamerDecoderOpener().openForOnePicture(stream, wake: $0)
            }
            #expect(look.count == 322 * 242)
        }
    }

    /// Decoders are used again (`spare_decoders.c`).
    @Test func `looks at different cameras by turns show what each of them shows`() async throws {
        var cameras: [(stream: StreamDescription, keyframe: AccessUnit)] = []
        for (codec, pattern, width) in [
            (VideoCodec.h264, "ball", 322), (.h264, "smpte", 640), (.h265, "smpte", 322), (.h264, "white", 322),
            (.h265, "ball", 480),
        ] {
            let intake = try await intake(codec, pattern: pattern, widthPixels: width)
            cameras.append((try #require(intake.stream), try #require(intake.video.first)))
        }
        var first: [[UInt8]] = []
        for round in 0..<4 {
            for (number, camera) in cameras.enumerated() {
                let look = try await luma(camera.keyframe, of: camera.stream) {
                    try GStreamerDecoderOpener().openForOnePicture(camera.stream, wake: $0)
                }
                if round == 0 { first.append(look) }
                #expect(look.count == camera.stream.widthPixels * 242)
                #expect(look == first[number], "camera \(number), round \(round)")
            }
        }
        #expect(Set(first).count == cameras.count)
    }

    /// A unit of NAL units behind lengths of four bytes without the second half of its largest one, which holds a slice.
    private static func halved(_ unit: [UInt8]) -> [UInt8] {
        var parts: [ArraySlice<UInt8>] = []
        var rest = unit[...]
        while rest.count > 4 {
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            parts.append(rest.dropFirst(4).prefix(length))
            rest = rest.dropFirst(4 + length)
        }
        let longest = parts.map(\.count).max() ?? 0
        return parts.flatMap { part in
            let kept = part.count == longest ? part.prefix(longest / 2) : part
            return (0..<4).map { UInt8(truncatingIfNeeded: kept.count >> (24 - 8 * $0)) } + kept
        }
    }

    @Test(arguments: VideoCodec.allCases)
    func `where half a keyframe is missing, nothing of the picture before shows, which may be another camera's`(
        codec: VideoCodec
    ) async throws {
        let subject = try await intake(codec, pattern: "smpte")
        let stream = try #require(subject.stream)
        var cut = try #require(subject.video.first)
        cut.payload = Bytes(Self.halved(cut.payload.withUnsafeBytes { [UInt8]($0) }))
        var seen: [[UInt8]] = []
        for pattern in ["black", "white", "snow"] {
            let before = try await intake(codec, pattern: pattern)
            _ = try await luma(try #require(before.video.first), of: try #require(before.stream)) {
                try GStreamerDecoderOpener().openForOnePicture(try #require(before.stream), wake: $0)
            }
            seen.append(
                try await luma(cut, of: stream) { try GStreamerDecoderOpener().openForOnePicture(stream, wake: $0) })
        }
        // Without this a decoder that gives no picture at all would pass.
        #expect(seen.allSatisfy { $0.count == 322 * 242 })
        #expect(seen[1] == seen[0] && seen[2] == seen[0])
    }

    @Test(arguments: VideoCodec.allCases)
    func `a damaged keyframe ends in a picture or a reason`(codec: VideoCodec) async throws {
        let intake = try await intake(codec)
        let stream = try #require(intake.stream)
        let keyframe = try #require(intake.video.first)
        let bytes = keyframe.payload.withUnsafeBytes { [UInt8]($0) }
        var random = SystemRandomNumberGenerator()
        for round in 0..<200 {
            var damaged = bytes
            for _ in 0...round % 20 {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = .random(in: 0...255)
            }
            damaged = Array(damaged.prefix(round % 3 == 0 ? Int.random(in: 0...damaged.count) : damaged.count))
            var unit = keyframe
            unit.payload = Bytes(damaged)
            let wakes = Wakes()
            let decoder = try #require(KeyframeDecoder(stream, wake: wakes.wake))
            decoder.decode(unit)
            var frames = 0
            for await _ in wakes.stream {
                frames += decoder.drain().count
                if decoder.isFinished { break }
            }
            #expect(frames == 1 || decoder.failure != nil)
            await decoder.close()
        }
    }

    private final class Bytes: AccessUnitPayload {
        private let bytes: [UInt8]
        init(_ bytes: [UInt8]) { self.bytes = bytes }
        var byteCount: Int { bytes.count }
        func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
            try bytes.withUnsafeBytes(body)
        }
    }
}
