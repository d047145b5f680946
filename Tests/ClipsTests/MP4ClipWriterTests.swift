import Domain
import Foundation
import GStreamerKit
import Testing

@testable import Clips

struct MP4ClipWriterTests {
    // Each writes and reads files with encoders that one machine may lack; the project's machines have them.
    @Test(
        .enabled(if: Footage.hasProbe), arguments: [(VideoCodec.h264, 0), (.h264, 3), (.h265, 0), (.h265, 3)],
        [false, true])
    func `a clip holds every picture once, at its time, and decodes without a complaint`(
        stream: (VideoCodec, Int), audio: Bool
    ) async throws {
        try await Footage.withFolder { folder in
            try await Footage.generate(
                folder + "/in.mp4", codec: stream.0, frames: 70, bFrames: stream.1, audio: audio)
            let (description, units) = try Footage.units(folder + "/in.mp4")
            #expect((description.audioFormat != nil) == audio)
            let path = folder + "/clip.part"
            let clip = try await Footage.write(units, description, to: path).finish()
            try check(clip, path, pictures: 70, interval: 0.05)
            #expect(clip.hasAudio == audio)
            #expect(clip.starts == units[0].presentation)
            #expect(try Footage.packets(path, stream: "a:0").isEmpty == !audio)
        }
    }

    // Real footage, with B-frames and sound in some; absent from a plain checkout.
    @Test(
        .enabled(if: Footage.shared != nil && Footage.hasProbe),
        arguments: [
            ("indoor-visits.mp4", 1394, 0.1), ("porch-package.mp4", 372, 1.0 / 30),
            ("road-overhead-cars.mp4", 377, 0.08),
        ])
    func `footage comes through whole`(name: String, pictures: Int, interval: Double) async throws {
        let source = try #require(Footage.shared).appendingPathComponent(name).path
        try await Footage.withFolder { folder in
            let (description, units) = try Footage.units(source)
            let path = folder + "/clip.part"
            let clip = try await Footage.write(units, description, to: path).finish()
            try check(clip, path, pictures: pictures, interval: interval)
        }
    }

    private func check(_ clip: FinishedClip, _ path: String, pictures: Int, interval: Double) throws {
        #expect(clip.videoUnits == pictures)
        #expect(abs(clip.durationSeconds - Double(pictures) * interval) < interval)
        let packets = try Footage.packets(path)
        #expect(packets.count == pictures)
        #expect(packets.first?.isKey == true)
        for (earlier, later) in zip(packets, packets.dropFirst()) { #expect(earlier.dts < later.dts) }
        for packet in packets { #expect(packet.dts <= packet.pts + 0.0001) }
        let times = packets.map(\.pts).sorted()
        #expect(abs(times[0]) < 0.001)
        for (earlier, later) in zip(times, times.dropFirst()) { #expect(abs(later - earlier - interval) < 0.002) }
        #expect(try Footage.complaints(path) == "")
        #expect(try DurableFile.digest(path).sizeBytes == clip.sizeBytes)
        let hashed = try Footage.output("sha256sum", [path]).text
        #expect(hashed.hasPrefix(clip.sha256))
    }

    @Test func `a path that exists is refused and left alone`() async throws {
        try await Footage.withFolder { folder in
            try await Footage.generate(folder + "/in.mp4", codec: .h264, frames: 5, bFrames: 0)
            let (description, _) = try Footage.units(folder + "/in.mp4")
            let size = try DurableFile.digest(folder + "/in.mp4")
            let error = #expect(throws: ClipError.self) { try MP4ClipWriter(description, path: folder + "/in.mp4") }
            #expect(error?.description.contains("File exists") == true)
            #expect(try DurableFile.digest(folder + "/in.mp4") == size)
        }
    }

    @Test func `a clip without a picture is an error`() async throws {
        try await Footage.withFolder { folder in
            try await Footage.generate(folder + "/in.mp4", codec: .h264, frames: 5, bFrames: 0)
            let (description, units) = try Footage.units(folder + "/in.mp4")
            let writer = try Footage.write(units.filter { !$0.isKeyframe }, description, to: folder + "/clip.part")
            await #expect(throws: ClipError.self) { try await writer.finish() }
        }
    }

    @Test func `a disk that takes no more is an error that names the file`() async throws {
        guard FileManager.default.isWritableFile(atPath: "/dev/full") else { return }
        try await Footage.withFolder { folder in
            try await Footage.generate(folder + "/in.mp4", codec: .h264, frames: 40, bFrames: 0)
            let (description, units) = try Footage.units(folder + "/in.mp4")
            let path = folder + "/clip.part"
            let writer = try MP4ClipWriter(description, path: path, location: "/dev/full")
            for unit in units {
                writer.append(
                    unit.track, presentation: unit.presentation, durationNanoseconds: nil, isKeyframe: unit.isKeyframe,
                    buffer: unit.buffer)
            }
            let error = await #expect(throws: ClipError.self) { try await writer.finish() }
            #expect(error?.description.contains(path) == true)
        }
    }

    @Test func `finishing goes through although the task was cancelled`() async throws {
        try await Footage.withFolder { folder in
            try await Footage.generate(folder + "/in.mp4", codec: .h264, frames: 20, bFrames: 0)
            let (description, units) = try Footage.units(folder + "/in.mp4")
            let writer = try Footage.write(units, description, to: folder + "/clip.part")
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await writer.finish()
            }
            #expect(try await task.value.videoUnits == 20)
        }
    }

    @Test func `sound that ends early does not hold the pictures back`() async throws {
        try await Footage.withFolder { folder in
            try await Footage.generate(folder + "/in.mp4", codec: .h264, frames: 300, bFrames: 0, audio: true)
            let (description, units) = try Footage.units(folder + "/in.mp4")
            let limit = units[0].presentation.advanced(bySeconds: 2)
            let path = folder + "/clip.part"
            let writer = try Footage.write(
                units.filter { $0.track == .video || $0.presentation < limit }, description, to: path)
            let clip = try await writer.finish()
            #expect(clip.videoUnits == 300 && clip.hasAudio)
            if Footage.hasProbe { #expect(try Footage.packets(path).count == 300) }
        }
    }
}
