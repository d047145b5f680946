import Domain
import Foundation
import Ingest
import Synchronization
import Testing

@testable import Clips

/// Pictures out of files, each decoded from its keyframe.
@Suite(.timeLimit(.minutes(10)))
struct FrameSamplerTests {
    /// Writes down which pictures are made into JPEGs: their place on the file's timeline is their name.
    private final class Recorder: StillEncoder {
        let sums = Mutex<[Int]>([])

        func encode(_ picture: PictureView, crop: Box?, longestSidePixels: Int, quality: Int) throws -> Still {
            var sum = 0
            for row in 0..<picture.heightPixels {
                let line = picture.luma.bytes + row * picture.luma.strideBytes
                for column in 0..<picture.widthPixels where line.load(fromByteOffset: column, as: UInt8.self) > 128 {
                    sum += column + row * picture.widthPixels
                }
            }
            sums.withLock { $0.append(sum) }
            return Still(jpeg: [0xff, 0xd8], widthPixels: picture.widthPixels, heightPixels: picture.heightPixels)
        }
    }

    private static let start = WallTime(secondsSinceEpoch: 1_777_636_800)

    private func sample(
        _ files: [SampledFile], at seconds: [Double], in folder: String, _ encoder: Recorder = Recorder()
    ) async throws -> [SampledStill] {
        try await MediaFrameSampler(mediaFolder: folder, decoders: GStreamerDecoderOpener(), encoder: encoder).stills(
            of: files, at: seconds.map { Self.start.advanced(bySeconds: $0) })
    }

    @Test(arguments: [(VideoCodec.h264, 0), (.h264, 3), (.h265, 2)])
    func `for each time the picture that was shown then`(codec: VideoCodec, bFrames: Int) async throws {
        try await Footage.withFolder { folder in
            // Four seconds at 20 pictures a second, a keyframe each half second, a ball that moves.
            try await Footage.generate(folder + "/a.mp4", codec: codec, frames: 80, bFrames: bFrames)
            let file = SampledFile(path: "a.mp4", startsAt: Self.start)
            let recorder = Recorder()
            let wanted = [0.01, 0.62, 0.98, 1.49, 1.51, 3.94]
            let found = try await sample([file], at: wanted.reversed(), in: folder, recorder)
            #expect(found.count == wanted.count)
            for (still, time) in zip(found, wanted) {
                let at = still.at.seconds(since: Self.start)
                #expect(at <= time + 0.001 && at > time - 0.0505, "\(at) for \(time)")
                #expect(still.still.widthPixels == 320 && still.still.heightPixels == 240)
            }
            // They are the pictures that a whole decoding gives at those times.
            let whole = Recorder()
            _ = try await sample([file], at: (0..<80).map { Double($0) / 20 + 0.02 }, in: folder, whole)
            let all = whole.sums.withLock { $0 }
            #expect(all.count == 80 && Set(all).count > 40)
            #expect(recorder.sums.withLock { $0 } == wanted.map { all[Int($0 * 20)] })
        }
    }

    @Test func `each time is looked for in the file that had begun, and what is not there is left out`() async throws {
        try await Footage.withFolder { folder in
            for name in ["a", "b"] {
                try await Footage.generate("\(folder)/\(name).mp4", codec: .h264, frames: 40, bFrames: 0)
            }
            let files = [
                SampledFile(path: "b.mp4", startsAt: Self.start.advanced(bySeconds: 2)),
                SampledFile(path: "a.mp4", startsAt: Self.start),
            ]
            let found = try await sample(files, at: [-1, 0.5, 1.9, 2.1, 3.9, 9], in: folder)
            let times = found.map { ($0.at.seconds(since: Self.start) * 20).rounded() / 20 }
            // After the end it is the last picture.
            #expect(times == [0.5, 1.9, 2.1, 3.9, 3.95])
            #expect(try await sample(files, at: [-5], in: folder).isEmpty)
        }
    }

    @Test func `a file that is gone or broken is an error with its name`() async throws {
        try await Footage.withFolder { folder in
            await #expect(throws: ClipError.self) {
                _ = try await sample([SampledFile(path: "no.mp4", startsAt: Self.start)], at: [1], in: folder)
            }
            try Data("not an MP4 at all".utf8).write(to: URL(fileURLWithPath: folder + "/bad.mp4"))
            let error = await #expect(throws: ClipError.self) {
                _ = try await sample([SampledFile(path: "bad.mp4", startsAt: Self.start)], at: [1], in: folder)
            }
            #expect(error?.description.contains("bad.mp4") == true)
        }
    }

    @Test func `many at the same time come one after the other, and all get theirs`() async throws {
        try await Footage.withFolder { folder in
            try await Footage.generate(folder + "/a.mp4", codec: .h264, frames: 40, bFrames: 0)
            let sampler = MediaFrameSampler(
                mediaFolder: folder, decoders: GStreamerDecoderOpener(), encoder: Recorder())
            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await sampler.stills(
                            of: [SampledFile(path: "a.mp4", startsAt: Self.start)],
                            at: FramePolicy.times(3, from: Self.start, to: Self.start.advanced(bySeconds: 2))
                        ).count
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(counts == Array(repeating: 3, count: 8))
        }
    }
}
