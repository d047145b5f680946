import Domain
import Testing

@testable import Clips

struct ReorderDeclarationTests {
    @Test(arguments: [(VideoCodec.h264, 0), (.h264, 1), (.h264, 3), (.h265, 0), (.h265, 1), (.h265, 3)])
    func `what an encoder declares covers what it does`(codec: VideoCodec, bFrames: Int) async throws {
        try await Footage.withFolder { folder in
            let path = folder + "/clip.mp4"
            try await Footage.generate(path, codec: codec, frames: 40, bFrames: bFrames)
            let (stream, units) = try Footage.units(path)
            let format = try #require(stream.videoFormat as? ClipFormat)
            let configuration = try #require(format.caps.bytes("codec_data"))
            let declared = try #require(ReorderDeclaration.depth(codec: codec, configuration: configuration))
            let shown = DecodeTimeline.depth(of: units.map(\.presentation.nanoseconds))
            #expect(declared >= shown)
            #expect((declared == 0) == (bFrames == 0))
        }
    }

    @Test func `cut and senseless records declare nothing`() {
        let record: [UInt8] = [1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 4, 0x67, 0x64, 0, 0x1f]
        for count in 0...record.count {
            for codec in [VideoCodec.h264, .h265] {
                #expect(ReorderDeclaration.depth(codec: codec, configuration: Array(record.prefix(count))) == nil)
            }
        }
        for seed in 0..<500 as Range<UInt64> {
            var state = seed
            let noise = (0..<60).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 33)
            }
            for codec in [VideoCodec.h264, .h265] {
                let depth = ReorderDeclaration.depth(codec: codec, configuration: noise)
                #expect(depth.map { (0...16).contains($0) } ?? true)
            }
        }
    }
}
