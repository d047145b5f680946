import Domain
import Foundation
import Testing

@testable import Clips

@Suite(.timeLimit(.minutes(10)))
struct LiveFragmentsTests {
    /// A file's units through the muxer, `together` at a time.
    private static func mux(
        _ path: String, together: Int, withAudio: Bool = true
    ) throws -> (LiveFragments, [UInt8], Int) {
        let (stream, read) = try Footage.units(path)
        let units = read.map {
            AccessUnit(
                track: $0.track, presentation: $0.presentation, isKeyframe: $0.isKeyframe,
                arrivedAt: WallTime(secondsSinceEpoch: 0), payload: Bytes($0.buffer.bytes()))
        }
        var muxer = try LiveFragments(stream, withAudio: withAudio)
        var bytes = muxer.header
        for start in stride(from: 0, to: units.count, by: together) {
            bytes += muxer.add(Array(units[start..<min(start + together, units.count)]))
        }
        return (muxer, bytes, units.count { $0.track == .video })
    }

    private final class Bytes: AccessUnitPayload {
        let bytes: [UInt8]
        init(_ bytes: [UInt8]) { self.bytes = bytes }
        var byteCount: Int { bytes.count }
        func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
            try bytes.withUnsafeBytes(body)
        }
    }

    @Test(
        .enabled(if: Footage.hasProbe),
        arguments: [(VideoCodec.h264, 0), (.h264, 3), (.h265, 0), (.h265, 3)], [1, 7, 1000])
    func `pictures and sound come out whole, in order, from near zero, without gaps`(
        stream: (codec: VideoCodec, bFrames: Int), together: Int
    ) async throws {
        try await Footage.withFolder { folder in
            let source = folder + "/in.mp4"
            try await Footage.generate(source, codec: stream.codec, frames: 60, bFrames: stream.bFrames, audio: true)
            let (muxer, bytes, pictures) = try Self.mux(source, together: together)
            let path = folder + "/live.mp4"
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            #expect(try Footage.complaints(path) == "")
            let packets = try Footage.packets(path)
            // The last one waits for the one after it.
            #expect(packets.count == pictures - 1)
            #expect(packets.first?.isKey == true && packets.contains { !$0.isKey })
            for (earlier, later) in zip(packets, packets.dropFirst()) {
                #expect(earlier.dts < later.dts)
                #expect(later.dts - earlier.dts < 0.11)
            }
            for packet in packets { #expect(packet.dts <= packet.pts + 0.0001) }
            #expect(packets[0].dts >= 0 && packets[0].pts < 0.25)
            let times = packets.map(\.pts).sorted()
            for (earlier, later) in zip(times, times.dropFirst()).dropLast(4) {
                #expect(abs(later - earlier - 0.05) < 0.002)
            }
            let sound = try Footage.packets(path, stream: "a:0")
            #expect(sound.count > 100)
            for (earlier, later) in zip(sound, sound.dropFirst()) {
                #expect(abs(later.pts - earlier.pts - 1024.0 / 44100) < 0.002)
            }
            #expect(muxer.contentType.hasSuffix(", mp4a.40.2\""))
            try Self.checkDurations(bytes)
        }
    }

    /// What browsers want: each sample ends where the next one begins, also across fragments.
    private static func checkDurations(_ bytes: [UInt8]) throws {
        for index in 0..<2 {
            let moov = try #require(ByteCursor.find("moov", in: bytes[...]))
            var boxes = ByteCursor(moov)
            var traks: [ArraySlice<UInt8>] = []
            while let box = boxes.box() { if box.type == "trak" { traks.append(box.content) } }
            var track = try #require(MP4Track(trak: traks[index], movieTimescale: 1000))
            var file = ByteCursor(bytes[...])
            while let box = file.box() {
                guard box.type == "moof" else { continue }
                var inner = ByteCursor(box.content)
                while let traf = inner.box() {
                    guard traf.type == "traf", let tfhd = ByteCursor.find("tfhd", in: traf.content) else { continue }
                    var header = ByteCursor(tfhd)
                    guard header.skip(4), header.word32() == track.id else { continue }
                    track.addFragment(traf: traf.content, moofOffset: 0)
                }
            }
            #expect(track.samples.count > 50)
            for (earlier, later) in zip(track.samples, track.samples.dropFirst()) {
                #expect(earlier.decoding + earlier.duration == later.decoding)
            }
        }
    }

    @Test(.enabled(if: Footage.hasProbe)) func `without sound there is none`() async throws {
        try await Footage.withFolder { folder in
            let source = folder + "/in.mp4"
            try await Footage.generate(source, codec: .h264, frames: 20, bFrames: 0, audio: true)
            let (muxer, bytes, _) = try Self.mux(source, together: 3, withAudio: false)
            #expect(muxer.contentType.wholeMatch(of: /video\/mp4; codecs="avc1\.[0-9A-F]{6}"/) != nil)
            let path = folder + "/live.mp4"
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            #expect(try Footage.packets(path, stream: "a:0").isEmpty)
            #expect(try Footage.complaints(path) == "")
        }
    }

    @Test func `a picture goes at once where the next one is far`() throws {
        var track = LiveTrack(id: 1, timescale: 90_000, intervalSeconds: 0.04)
        func add(_ seconds: Double) -> [Int64] {
            let ticks = Int64((seconds * 90_000).rounded())
            track.add(.init(decoding: ticks, presentation: ticks, duration: 0, isKeyframe: true, payload: Bytes([1])))
            return track.takeReady().map(\.duration)
        }
        #expect(add(0) == [])
        #expect(add(0.1) == [9000])
        #expect(add(1.1) == [90_000, 90_000], "both the one that waited and the one that came")
        #expect(add(2.1) == [90_000])
        #expect(add(2.2) == [], "quick again: it waits")
        #expect(add(2.3) == [9000])
    }

    @Test func `codecs are named as browsers want them`() {
        #expect(CodecText.video(.h264, configuration: [1, 0x64, 0, 0x1f]) == "avc1.64001F")
        // Main profile, level 3.1, progressive and frames only: the example everybody gives.
        let main: [UInt8] = [1, 0x01, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 93]
        #expect(CodecText.video(.h265, configuration: main) == "hvc1.1.6.L93.B0")
        let main10: [UInt8] = [1, 0x62, 0x20, 0, 0, 0, 0x90, 0, 0x01, 0, 0, 0, 153]
        #expect(CodecText.video(.h265, configuration: main10) == "hvc1.A2.4.H153.90.0.1")
        for count in 0..<13 { #expect(CodecText.video(.h265, configuration: Array(main.prefix(count))) == nil) }
        #expect(CodecText.aac(configuration: [0x12, 0x10]) == "mp4a.40.2")
        #expect(CodecText.aac(configuration: [0xf8, 0x40]) == "mp4a.40.34")
        #expect(CodecText.aac(configuration: []) == nil)
    }
}
