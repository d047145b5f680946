import Domain
import Foundation
import GStreamerKit
import TestSupport
import Testing

@testable import Clips

/// Damaged bytes must neither trap nor make memory grow. `TEST_MUTATIONS=1000000` tries harder.
struct MutationTests {
    static let count = Int(ProcessInfo.processInfo.environment["TEST_MUTATIONS"] ?? "") ?? 10_000

    @Test(arguments: [VideoCodec.h264, .h265])
    func `damaged decoder configurations are read or refused`(codec: VideoCodec) async throws {
        try await Footage.withFolder { folder in
            let path = folder + "/clip.mp4"
            try await Footage.generate(path, codec: codec, frames: 12, bFrames: 2)
            let format = try #require(try Footage.units(path).0.videoFormat as? ClipFormat)
            let good = try #require(format.caps.bytes("codec_data"))
            var mutations = Mutations(seed: 1)
            var read = 0
            for _ in 0..<2 * Self.count {
                let bytes = mutations.damaged(good)
                if let depth = ReorderDeclaration.depth(codec: codec, configuration: bytes) {
                    #expect((0...16).contains(depth))
                    read += 1
                }
                _ = CodecText.video(codec, configuration: bytes)
                _ = CodecText.aac(configuration: bytes)
            }
            // Or the parser would never have come past the first bytes.
            #expect(read > Self.count / 10)
        }
    }

    @Test(arguments: [true, false])
    func `damaged indexes of clips are read or refused`(audio: Bool) async throws {
        try await Footage.withFolder { folder in
            let path = folder + "/clip.mp4"
            try await Footage.generate(path, codec: .h264, frames: 12, bFrames: 2, audio: audio)
            let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            let movie = try #require(ByteCursor(whole[...]).first("moov"))
            var mutations = Mutations(seed: 2)
            var read = 0
            for _ in 0..<Self.count {
                let bytes = mutations.damaged(Array(movie))
                for track in MP4Reader.movie(bytes[...]) {
                    read += 1
                    #expect(track.samples.count <= MP4Track.mostSamples)
                    for sample in track.samples.prefix(50) {
                        _ = (track.presentation(of: sample), track.decoding(of: sample))
                    }
                }
            }
            #expect(read > Self.count / 10)
        }
    }

    @Test func `damaged fragments are read or refused, and a few bytes do not become many samples`() throws {
        func box(_ type: String, _ content: [UInt8]) -> [UInt8] {
            let size = UInt32(content.count + 8)
            return (0..<4).map { UInt8(truncatingIfNeeded: size >> UInt32(24 - 8 * $0)) } + Array(type.utf8) + content
        }
        let zeros = [UInt8](repeating: 0, count: 78)
        let description = box("stsd", [0, 0, 0, 0, 0, 0, 0, 1] + box("avc1", zeros + box("avcC", [1, 100, 0, 31])))
        let header = [UInt8](repeating: 0, count: 12) + [0, 0, 0, 1] + zeros
        let media = box("mdhd", [UInt8](repeating: 0, count: 12) + [0, 0, 3, 0xe8] + zeros)
        let trak = box("tkhd", header) + box("mdia", media + box("minf", box("stbl", description)))
        var track = try #require(MP4Track(trak: trak[...], movieTimescale: 1000))
        let run = box("trun", [0, 0, 0, 0, 0, 0x0f, 0xff, 0xff])
        let fragment = box("tfhd", [0, 0, 0, 0, 0, 0, 0, 1]) + (0..<8).flatMap { _ in run }
        track.addFragment(traf: fragment[...], moofOffset: 0)
        #expect(track.samples.count <= MP4Track.mostSamples)
        let good =
            box("tfhd", [0, 0, 0, 0x38, 0, 0, 0, 1, 0, 0, 0, 40, 0, 0, 1, 0, 0, 0, 0, 0])
            + box("tfdt", [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9])
            + box("trun", [0, 0, 0x0b, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 40, 0, 0, 1, 0, 0, 0, 0, 0])
        var mutations = Mutations(seed: 3)
        var added = 0
        for _ in 0..<Self.count {
            var copy = try #require(MP4Track(trak: trak[...], movieTimescale: 1000))
            copy.addFragment(traf: mutations.damaged(good)[...], moofOffset: 0)
            if !copy.samples.isEmpty { added += 1 }
        }
        #expect(added > Self.count / 20)
    }

    @Test func `an edit list with the longest delay there can be does not overflow`() {
        var edit: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 2]
        for _ in 0..<2 {
            // 2^40 - 1 ticks of nothing, in a movie of one tick a second.
            edit += [0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff] + [UInt8](repeating: 0xff, count: 8) + [0, 1, 0, 0]
        }
        let (start, delay) = MP4Track.edits(edit[...], movieTimescale: 1)
        #expect(start == 0 && delay >= 0)
    }
}
