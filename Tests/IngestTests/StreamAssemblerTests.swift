import Domain
import GStreamerKit
import Testing

@testable import Ingest

struct StreamAssemblerTests {
    private let video: Caps
    private let audio: Caps
    private let payload: Buffer

    init() throws {
        video = try Self.caps(width: 640, codecData: "01640028ff")
        audio = try Caps("audio/mpeg,mpegversion=4,rate=44100,channels=2,codec_data=(buffer)1210")
        payload = try Buffer(copying: [1, 2, 3])
    }

    private static func caps(width: Int, codecData: String) throws -> Caps {
        try Caps("video/x-h264,width=\(width),height=480,framerate=10/1,codec_data=(buffer)\(codecData)")
    }

    private func unit(_ track: Track, _ seconds: Double?, key: Bool = false, arrived: Double? = nil) -> IncomingUnit {
        IncomingUnit(
            track: track, presentationNanoseconds: seconds.map { Int64($0 * 1e9) }, isKeyframe: key,
            arrivedAt: WallTime(secondsSinceEpoch: arrived ?? seconds ?? 0), payload: payload)
    }

    private func summary(_ items: [SourceItem]) -> String {
        items.map { item in
            switch item {
            case .stream(let stream): stream.audioFormat == nil ? "s" : "S"
            case .accessUnit(let unit): unit.track == .video ? "v" : "a"
            case .failed(let error): "f(\(error.kind))"
            }
        }.joined()
    }

    @Test func `units before the first keyframe are left out and the description comes first`() {
        var assembler = StreamAssembler(codec: .h264)
        #expect(summary(assembler.add(unit(.video, 0), format: video)) == "")
        #expect(summary(assembler.add(unit(.video, 0.1, key: true), format: video)) == "sv")
        #expect(summary(assembler.add(unit(.video, 0.2), format: video)) == "v")
        #expect(assembler.droppedBeforeKeyframe == 1)
    }

    @Test func `sound of another kind is not asked for, and the description says why`() throws {
        func offer(_ media: String, _ encoding: String) throws -> Caps {
            try Caps("application/x-rtp,media=(string)\(media),encoding-name=(string)\(encoding)")
        }
        let intake = RTSPIntake(gate: WakeGate {}, clock: SystemClock()) {}
        #expect(try intake.selects(offer("video", "H264")))
        #expect(try !intake.selects(offer("audio", "G726-32")))
        #expect(intake.sound == nil && intake.soundRemark?.contains("G726-32") == true)
        var assembler = StreamAssembler(codec: .h264, audioCodec: intake.sound, soundRemark: intake.soundRemark)
        guard case .stream(let described)? = assembler.add(unit(.video, 0, key: true), format: video).first else {
            Issue.record("nothing was described")
            return
        }
        #expect(described.audioFormat == nil && described.soundRemark == intake.soundRemark)
        // A second one that a clip can hold is taken.
        #expect(try intake.selects(offer("audio", "PCMA")))
        #expect(intake.sound == .pcma && intake.soundRemark == nil)
    }

    @Test func `pictures wait for the sound's format, but not for ever`() {
        var withSound = StreamAssembler(codec: .h264, audioCodec: .aac)
        #expect(summary(withSound.add(unit(.video, 0, key: true), format: video)) == "")
        #expect(summary(withSound.add(unit(.audio, 0), format: audio)) == "Sva")
        var without = StreamAssembler(codec: .h264, audioCodec: .aac)
        #expect(summary(without.add(unit(.video, 0, key: true), format: video)) == "")
        #expect(summary(without.settle()) == "")
        #expect(summary(without.add(unit(.video, 5), format: video)) == "")
        #expect(summary(without.settle()) == "svv")
        #expect(summary(without.add(unit(.audio, 5), format: audio)) == "")
        #expect(summary(without.settle()) == "")
    }

    @Test func `sound that waits behind seconds of video is not absent`() {
        var late = StreamAssembler(codec: .h264, audioCodec: .aac)
        for second in 0..<8 { #expect(summary(late.add(unit(.video, Double(second), key: true), format: video)) == "") }
        #expect(summary(late.add(unit(.audio, 0), format: audio)) == "Svvvvvvvva")
        var burst = StreamAssembler(codec: .h264, audioCodec: .aac)
        for second in 0..<8 { _ = burst.add(unit(.video, Double(second), key: true, arrived: 1), format: video) }
        #expect(summary(burst.settle()) == "")
        #expect(summary(burst.add(unit(.audio, 0), format: audio)) == "Svvvvvvvva")
    }

    @Test func `not more than a bounded number of pictures waits for sound`() {
        var burst = StreamAssembler(codec: .h264, audioCodec: .aac)
        for _ in 0..<StreamAssembler.mostWaitingUnits {
            #expect(summary(burst.settle()) == "")
            _ = burst.add(unit(.video, 0, key: true), format: video)
        }
        #expect(summary(burst.settle()) == "s" + String(repeating: "v", count: StreamAssembler.mostWaitingUnits))
    }

    @Test func `sound that comes before the picture it belongs to is kept, and older sound is not`() {
        var assembler = StreamAssembler(codec: .h264, audioCodec: .aac)
        for time in [0.8, 0.9, 1.0, 1.1, 1.2] {
            #expect(summary(assembler.add(unit(.audio, time), format: audio)) == "")
        }
        #expect(summary(assembler.add(unit(.video, 0.95), format: video)) == "")
        let items = assembler.add(unit(.video, 1, key: true, arrived: 1.3), format: video)
        #expect(summary(items) == "Svaaa")
        guard case .accessUnit(let first) = items[2] else { return }
        #expect(first.presentation == MediaTime(nanoseconds: 1_000_000_000))
        // However long the picture takes, what waits for it is bounded: the newest.
        var slow = StreamAssembler(codec: .h264, audioCodec: .aac)
        for index in 0..<5_000 { _ = slow.add(unit(.audio, Double(index) / 50), format: audio) }
        let late = slow.add(unit(.video, 0, key: true, arrived: 100), format: video)
        #expect(late.count == 2 + StreamAssembler.mostWaitingUnits)
    }

    @Test func `an equal format in another object is no change, another size or encoder setting is`() throws {
        var assembler = StreamAssembler(codec: .h264)
        _ = assembler.add(unit(.video, 0, key: true), format: video)
        #expect(
            summary(assembler.add(unit(.video, 0.1), format: try Self.caps(width: 640, codecData: "01640028ff"))) == "v"
        )
        var copy = assembler
        #expect(
            summary(copy.add(unit(.video, 0.2), format: try Self.caps(width: 800, codecData: "01640028ff")))
                == "f(changed)")
        #expect(summary(copy.add(unit(.video, 0.3), format: video)) == "")
        #expect(
            summary(assembler.add(unit(.video, 0.2), format: try Self.caps(width: 640, codecData: "01640029ff")))
                == "f(changed)")
    }

    @Test func `timestamps may be reordered and missing but not begin anew`() {
        var assembler = StreamAssembler(codec: .h264)
        _ = assembler.add(unit(.video, 10, key: true), format: video)
        #expect(summary(assembler.add(unit(.video, 10.3), format: video)) == "v")
        #expect(summary(assembler.add(unit(.video, 10.1), format: video)) == "v")
        guard case .accessUnit(let made)? = assembler.add(unit(.video, nil, arrived: 10.4), format: video).first else {
            Issue.record("no unit")
            return
        }
        #expect(made.presentation.seconds > 10.3)
        var ahead = assembler
        #expect(summary(ahead.add(unit(.video, 100, arrived: 10.5), format: video)) == "f(changed)")
        #expect(summary(assembler.add(unit(.video, 2, arrived: 10.5), format: video)) == "f(changed)")
    }

    @Test(arguments: [
        ([[0x67, 1, 2], [0x65, 9, 9]], true), ([[0x09, 0xf0], [0x41, 9, 9]], false),
        // An intra picture that is no IDR, alone and with a recovery point announced.
        ([[0x61, 9, 9]], false), ([[0x06, 0x05, 2, 1, 1, 0x06, 1, 0xc4, 0x80], [0x61, 9]], true), ([[]], false),
    ])
    func `decoding starts at an IDR picture or a recovery point`(units: [[UInt8]], expected: Bool) {
        let scan = KeyframeScan(codec: .h264, codecData: [1, 100, 0, 40, 0xff])
        let bytes: [UInt8] = units.flatMap { unit -> [UInt8] in [0, 0, 0, UInt8(unit.count)] + unit }
        #expect(bytes.withUnsafeBytes { scan.canStart(at: $0) } == expected)
        let cut = Array(bytes.dropLast())
        _ = cut.withUnsafeBytes { scan.canStart(at: $0) }
    }
}
