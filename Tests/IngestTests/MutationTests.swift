import Domain
import Foundation
import GStreamerKit
import TestSupport
import Testing

@testable import Ingest

/// Damaged bytes and impossible times must neither trap nor make anything grow. `TEST_MUTATIONS=1000000` tries harder.
struct MutationTests {
    static let count = Int(ProcessInfo.processInfo.environment["TEST_MUTATIONS"] ?? "") ?? 20_000

    /// An access unit with parameter sets, a message with a recovery point, and a slice.
    private static func unit(_ codec: VideoCodec) -> [UInt8] {
        let headers: [[UInt8]] =
            codec == .h264
            ? [
                [0x67, 0x64, 0, 0x1f, 0xac], [0x68, 0xee], [0x06, 0xff, 0x05, 0x02, 1, 2, 6, 1, 0xc4, 0x80],
                [0x41, 0x9a],
            ]
            : [
                [0x40, 1, 12], [0x42, 1, 1], [0x44, 1, 0xc1], [0x4e, 1, 6, 1, 0x80], [0x26, 1, 0xaf], [0x02, 1, 0xd0],
            ]
        return headers.flatMap { [0, 0, 0, UInt8($0.count)] + $0 }
    }

    @Test(arguments: [VideoCodec.h264, .h265])
    func `damaged access units can start decoding or cannot`(codec: VideoCodec) {
        var mutations = Mutations(seed: 4)
        let good = Self.unit(codec)
        var starts = 0
        for round in 0..<2 * Self.count {
            let bytes = mutations.damaged(good)
            var record = [UInt8](repeating: 0xff, count: 23)
            // Every size of the lengths, and records that are cut.
            record[codec == .h264 ? 4 : 21] = UInt8(round & 3)
            let scan = KeyframeScan(codec: codec, codecData: Array(record.prefix(round % 7 == 0 ? round % 23 : 23)))
            if bytes.withUnsafeBytes(scan.canStart) { starts += 1 }
        }
        #expect(starts > Self.count / 20)
    }

    private final class Bytes: AccessUnitPayload {
        var byteCount: Int { 1 }
        func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
            try body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }

    @Test func `times of any kind make a timeline or end it, and never hold more than so many units`() throws {
        let video = try Caps(
            "video/x-h264,stream-format=avc,alignment=au,width=320,height=180,codec_data=(buffer)01640000ffe1")
        let other = try Caps(
            "video/x-h264,stream-format=avc,alignment=au,width=640,height=180,codec_data=(buffer)01640000ffe1")
        let audio = try Caps("audio/mpeg,mpegversion=4,rate=48000,channels=1")
        var random = Mutations(seed: 5)
        let strange: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max, 1 << 40, 1 << 62, -1 << 62]
        var (described, failed) = (0, 0)
        for _ in 0..<Self.count / 20 {
            var assembler = StreamAssembler(codec: .h264, audioCodec: Bool.random(using: &random) ? .aac : nil)
            var (given, delivered) = (0, 0)
            var clock = ClockMap()
            var damaged = DamagedPictures()
            for step in 0..<40 as Range<Int64> {
                let isStrange = Int.random(in: 0..<12, using: &random) == 0
                let isVideo = Int.random(in: 0..<4, using: &random) > 0
                let time = isStrange ? strange.randomElement(using: &random) : step * 40_000_000
                let arrival = Int.random(in: 0..<30, using: &random) == 0 ? 0 : 1_700_000_000 + step
                let incoming = IncomingUnit(
                    track: isVideo ? .video : .audio, presentationNanoseconds: time, durationNanoseconds: nil,
                    isKeyframe: step % 10 == 0, arrivedAt: WallTime(nanosecondsSinceEpoch: arrival * 1_000_000_000),
                    payload: Bytes(), followsLoss: Bool.random(using: &random))
                given += 1
                let format = isVideo ? (Int.random(in: 0..<50, using: &random) == 0 ? other : video) : audio
                for item in assembler.add(incoming, format: format) + assembler.settle() {
                    switch item {
                    case .stream: described += 1
                    case .failed: failed += 1
                    case .accessUnit(let unit):
                        delivered += 1
                        clock.observe(unit.presentation, arrivedAt: unit.arrivedAt)
                        damaged.received(
                            at: unit.presentation, isKeyframe: unit.isKeyframe, followsLoss: unit.followsLoss)
                        _ = (damaged.contains(unit.presentation), clock.wall(unit.presentation))
                    }
                }
            }
            #expect(delivered <= given)
        }
        #expect(described > Self.count / 100 && failed > Self.count / 200)
    }

    @Test func `damaged addresses are taken apart or refused without showing the password`() {
        var mutations = Mutations(seed: 6)
        let good = Array("rtsp://us%20er:secret%2F@[fe80::1]:8554/path?x=1".utf8)
        var taken = 0
        for _ in 0..<Self.count {
            let text = String(decoding: mutations.damaged(good), as: UTF8.self)
            do {
                _ = try CameraAddress(text)
                taken += 1
            } catch {
                #expect(!error.detail.contains("secret"))
            }
        }
        #expect(taken > Self.count / 20)
    }
}
