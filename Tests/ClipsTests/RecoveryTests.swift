import Domain
import Foundation
import Testing

@testable import Clips

struct RecoveryTests {
    private let opener = MP4ClipWriterOpener()

    /// A file as a killed writer leaves it, with `seconds` of pictures handed over.
    private func abandoned(_ folder: String, frames: Int = 100, bFrames: Int, audio: Bool) async throws -> String {
        try await Footage.generate(folder + "/in.mp4", codec: .h264, frames: frames, bFrames: bFrames, audio: audio)
        let (description, units) = try Footage.units(folder + "/in.mp4")
        let path = folder + "/clip.part"
        let writer = try Footage.write(units, description, to: path)
        // The muxer holds the last second or two back; nothing tells when the rest is on disk but the file itself.
        while readable(path) < frames * 3 / 5 { try await Task.sleep(for: .milliseconds(5)) }
        await writer.abandon()
        return path
    }

    /// Pictures that a growing file holds whole.
    private func readable(_ path: String) -> Int {
        guard let reader = try? MP4Reader(path) else { return 0 }
        var pictures = 0
        while let unit = try? reader.next() { pictures += unit.track == .video ? 1 : 0 }
        return pictures
    }

    @Test(.enabled(if: Footage.hasProbe), .timeLimit(.minutes(10)), arguments: [0, 3], [false, true])
    func `an abandoned clip becomes an ordinary one with all but its last second`(bFrames: Int, audio: Bool)
        async throws
    {
        try await Footage.withFolder { folder in
            let path = try await abandoned(folder, bFrames: bFrames, audio: audio)
            let recovered = try #require(try await opener.recover(path: path))
            #expect(recovered.clip.videoUnits >= 60)
            #expect(recovered.widthPixels == 320 && recovered.heightPixels == 240)
            let packets = try Footage.packets(path)
            #expect(packets.count == recovered.clip.videoUnits)
            let times = packets.map(\.pts).sorted()
            #expect(abs(times[0]) < 0.001)
            for (earlier, later) in zip(times, times.dropFirst()) { #expect(abs(later - earlier - 0.05) < 0.002) }
            #expect(recovered.clip.hasAudio == audio)
            #expect(try Footage.complaints(path) == "")
            #expect(try DurableFile.digest(path).sha256 == recovered.clip.sha256)
            #expect(!FileManager.default.fileExists(atPath: path + ".recovering"))
        }
    }

    @Test(.enabled(if: Footage.hasProbe)) func `a clip cut at any byte is recovered or not there, never broken`()
        async throws
    {
        try await Footage.withFolder { folder in
            let whole = try await abandoned(folder, bFrames: 2, audio: true)
            let data = try Data(contentsOf: URL(fileURLWithPath: whole))
            var generator = SystemRandomNumberGenerator()
            var recoveredCount = 0
            for _ in 0..<25 {
                let length = Int.random(in: 0...data.count, using: &generator)
                let path = folder + "/cut-\(length).part"
                try data.prefix(length).write(to: URL(fileURLWithPath: path))
                guard let recovered = try await opener.recover(path: path) else {
                    #expect(length < data.count / 2, "nothing came of \(length) of \(data.count) bytes")
                    continue
                }
                recoveredCount += 1
                #expect(try Footage.packets(path).count == recovered.clip.videoUnits, "cut at \(length)")
                #expect(try Footage.complaints(path) == "", "cut at \(length)")
            }
            #expect(recoveredCount > 0)
        }
    }

    @Test(.enabled(if: Footage.hasProbe)) func `a clip that was finished is recovered whole`() async throws {
        try await Footage.withFolder { folder in
            try await Footage.generate(folder + "/in.mp4", codec: .h265, frames: 50, bFrames: 2)
            let (description, units) = try Footage.units(folder + "/in.mp4")
            let path = folder + "/clip.part"
            _ = try await Footage.write(units, description, to: path).finish()
            let recovered = try #require(try await opener.recover(path: path))
            #expect(recovered.clip.videoUnits == 50 && recovered.codec == .h265)
            #expect(try Footage.complaints(path) == "")
        }
    }

    @Test(arguments: [Data(), Data("hello".utf8), Data(repeating: 0, count: 4096), Data(repeating: 0xff, count: 4096)])
    func `a file that is no clip is nothing`(content: Data) async throws {
        try await Footage.withFolder { folder in
            let path = folder + "/clip.part"
            try content.write(to: URL(fileURLWithPath: path))
            #expect(try await opener.recover(path: path) == nil)
        }
    }

    @Test func `a file that is not there is an error that names it`() async throws {
        let error = await #expect(throws: ClipError.self) { try await opener.recover(path: "/nonexistent/a.part") }
        #expect(error?.description.contains("/nonexistent/a.part") == true)
    }
}
