import Domain
import GStreamerKit
import Simulator
import Testing

@testable import Ingest

@Suite(.timeLimit(.minutes(10)))
struct DecoderTests {
    private func units(
        codec: VideoCodec = .h264, frames: Int = 40, bFrames: Int = 0, format: String = "I420"
    ) async throws -> Intake {
        try await Camera.withFootage(codec: codec, frames: frames, bFrames: bFrames, format: format) { path in
            try await Camera.withSite([.init(name: "gate", source: .file(path: path))]) { site in
                try await Camera.read(site.url(for: "gate")) { $0.video.count >= frames }
            }
        }
    }

    /// Gives units one by one and collects frames until `count` came.
    private func decode(
        _ intake: Intake, units: [AccessUnit]? = nil, until count: Int,
        each: (any DecodedFrame) throws -> Void = { _ in }
    ) async throws -> (times: [MediaTime], decoder: any FrameDecoder) {
        let wakes = Wakes()
        let decoder = try GStreamerDecoderOpener().open(try #require(intake.stream), wake: wakes.wake)
        for unit in units ?? intake.video { decoder.decode(unit) }
        var times: [MediaTime] = []
        for await _ in wakes.stream {
            for frame in decoder.drain() {
                times.append(frame.presentation)
                try each(frame)
            }
            if times.count >= count || decoder.failure != nil { break }
        }
        return (times, decoder)
    }

    @Test(arguments: [(VideoCodec.h264, 0), (.h264, 3), (.h265, 0), (.h265, 2)])
    func `frames come out in presentation order with the times of their units`(
        codec: VideoCodec, bFrames: Int
    ) async throws {
        let intake = try await units(codec: codec, bFrames: bFrames)
        var luma: [UInt8] = []
        let (times, decoder) = try await decode(intake, until: 30) { frame in
            #expect(frame.widthPixels == 322 && frame.heightPixels == 242)
            try frame.withPicture { picture in
                #expect(picture.format == .i420 && picture.widthPixels == 322 && picture.planes.count == 3)
                let row = UnsafeRawBufferPointer(
                    start: picture.luma.bytes + 120 * picture.luma.strideBytes, count: picture.widthPixels)
                luma.append(row.max() ?? 0)
            }
        }
        #expect(times == Array(intake.video.map(\.presentation).sorted().prefix(times.count)))
        #expect(luma.contains { $0 > 100 })
        #expect(decoder.name == (codec == .h264 ? "avdec_h264" : "avdec_h265"))
        #expect(decoder.dropped == 0 && decoder.failure == nil)
        #expect(decoder.backlog == intake.video.count - times.count)
        await decoder.close()
        await decoder.close()
        decoder.decode(intake.video[0])
        #expect(decoder.drain().isEmpty)
    }

    @Test(arguments: VideoCodec.allCases)
    func `the pipeline for hardware gives the same pictures`(codec: VideoCodec) async throws {
        let intake = try await units(codec: codec)
        var kind = try #require(DecoderKind.allowed(for: codec).last)
        kind.family = .vaapi  // Only the pipeline differs: there is no hardware here.
        let wakes = Wakes()
        let decoder = try Decoder(try #require(intake.stream), kind: kind, wake: wakes.wake)
        for unit in intake.video { decoder.decode(unit) }
        decoder.finish()
        var times: [MediaTime] = []
        for await _ in wakes.stream {
            times += decoder.drain().map(\.presentation)
            if decoder.isFinished || decoder.failure != nil { break }
        }
        times += decoder.drain().map(\.presentation)
        #expect(decoder.failure == nil && times == intake.video.map(\.presentation).sorted())
        await decoder.close()
    }

    @Test func `formats of more than 8 bits or with more colour come out as 8-bit 4 2 0`() async throws {
        let intake = try await units(format: "Y444")
        let (times, decoder) = try await decode(intake, until: 10) { frame in
            try frame.withPicture { #expect($0.format == .i420) }
        }
        #expect(times.count >= 10)
        await decoder.close()
    }

    @Test func `without a keyframe first nothing is decoded and all is counted`() async throws {
        let intake = try await units()
        let decoder = try GStreamerDecoderOpener().open(try #require(intake.stream)) {}
        let deltas = intake.video.filter { !$0.isKeyframe }
        for unit in deltas { decoder.decode(unit) }
        #expect(decoder.dropped == deltas.count && decoder.backlog == 0)
        await decoder.close()
    }

    @Test func `units beyond the bound are dropped up to the next keyframe`() {
        var ledger = DecodeLedger(mostUnits: 3)
        func admit(_ time: Int64, key: Bool = false) -> DecodeLedger.Admission {
            ledger.admit(MediaTime(nanoseconds: time), isKeyframe: key)
        }
        #expect([admit(0, key: true), admit(1), admit(2), admit(3)] == [.accepted, .accepted, .accepted, .dropped])
        ledger.frameCameOut(MediaTime(nanoseconds: 0))
        #expect(admit(4) == .dropped)
        #expect(admit(5, key: true) == .accepted)
        #expect(ledger.dropped == 2)
        // The units at 1 and 2 will not come any more.
        ledger.frameCameOut(MediaTime(nanoseconds: 5))
        #expect(ledger.dropped == 4 && ledger.backlog == 0)
    }

    @Test func `damaged units do not stop the decoder`() async throws {
        let intake = try await units(frames: 60)
        var generator = SystemRandomNumberGenerator()
        let damaged = intake.video.enumerated().map { index, unit in
            guard index % 3 == 1 else { return unit }
            var bytes = unit.payload.withUnsafeBytes { [UInt8]($0) }
            for position in bytes.indices.dropFirst(8) where position % 3 == 0 {
                bytes[position] = UInt8.random(in: 0...255, using: &generator)
            }
            var copy = unit
            copy.payload = Bytes(bytes)
            return copy
        }
        let (times, decoder) = try await decode(intake, units: damaged, until: 10)
        #expect(times.count >= 10)
        #expect(decoder.failure == nil)
        await decoder.close()
    }

    @Test func `a stream of garbage ends in a failure that says so`() async throws {
        let intake = try await units()
        let wakes = Wakes()
        let decoder = try GStreamerDecoderOpener().open(try #require(intake.stream), wake: wakes.wake)
        var time = intake.video[0].presentation
        // As fast as the decoder throws it away.
        while decoder.failure == nil {
            for index in 0..<10 {
                var unit = intake.video[0]
                unit.isKeyframe = index == 0
                time = time.advanced(bySeconds: 0.05)
                unit.presentation = time
                unit.payload = Bytes([0, 0, 0, 60] + (0..<60).map { _ in UInt8.random(in: 0...255) })
                decoder.decode(unit)
            }
            _ = decoder.drain()
            await Task.yield()
        }
        #expect(decoder.failure?.kind == .corrupt)
        await decoder.close()
    }

    private final class Bytes: AccessUnitPayload {
        let bytes: [UInt8]

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        var byteCount: Int { bytes.count }
        func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
            try bytes.withUnsafeBytes(body)
        }
    }
}
