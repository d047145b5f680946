import Domain
import Foundation
import GStreamerKit
import Ingest
import Simulator
import Testing

@testable import Clips

/// Cameras with sound of every kind, over real RTSP, into clips and live views.
@Suite(.serialized, .timeLimit(.minutes(10)), .enabled(if: Footage.hasProbe))
struct SoundKindTests {
    private struct Clock: WallClock {
        var now: WallTime { WallTime(secondsSinceEpoch: Date().timeIntervalSince1970) }
    }

    struct Kind: Sendable {
        var codec: AudioCodec
        /// Makes it from raw sound.
        var encoder: String
        /// As ffprobe names it.
        var probe: String
    }
    static let kinds = [
        Kind(codec: .pcma, encoder: "audio/x-raw,rate=8000,channels=1 ! alawenc", probe: "pcm_alaw,8000,1"),
        Kind(codec: .pcmu, encoder: "audio/x-raw,rate=8000,channels=1 ! mulawenc", probe: "pcm_mulaw,8000,1"),
        Kind(codec: .opus, encoder: "audio/x-raw,rate=48000,channels=2 ! opusenc ! opusparse", probe: "opus,48000,2"),
        Kind(codec: .aac, encoder: "audio/x-raw,rate=44100,channels=1 ! avenc_aac ! aacparse", probe: "aac,44100,1"),
    ]

    /// Four seconds of pictures and a tone, one unit of sound every 20 ms or so.
    private func generate(_ path: String, encoder: String) async throws {
        let pipeline = try Pipeline(
            "videotestsrc pattern=ball num-buffers=80 ! video/x-raw,format=I420,width=320,height=240,framerate=20/1"
                + " ! x264enc speed-preset=ultrafast bframes=0 key-int-max=10 ! h264parse"
                + " ! queue max-size-buffers=0 max-size-time=0 ! mux. matroskamux name=mux ! filesink name=file"
                + " audiotestsrc num-buffers=200 samplesperbuffer=160 ! audio/x-raw,rate=8000 ! audioresample"
                + " ! audioconvert ! \(encoder) ! queue ! mux.")
        try pipeline.set("location", of: "file", to: .text(path))
        try await Footage.run(pipeline)
    }

    private struct Recording {
        var stream: StreamDescription
        var clip: FinishedClip
        var units: [AccessUnit]
    }

    /// Watches a simulated camera that plays such a file until so many pictures were recorded.
    private func record(encoder: String, pictures: Int, into folder: String) async throws -> Recording {
        try await generate(folder + "/in.mkv", encoder: encoder)
        let site = SimulatedSite(
            .init(port: 0, streams: [.init(name: "gate", source: .file(path: folder + "/in.mkv"))], sharing: .fromStart)
        )
        _ = try site.start()
        defer { site.stop() }
        let (wakes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let source = try RTSPOpener(clock: Clock()).open(
            .init(url: site.url(for: "gate"), transport: .tcp, timeoutSeconds: 20)
        ) { continuation.yield() }
        var stream: StreamDescription?
        var writer: (any ClipWriter)?
        var units: [AccessUnit] = []
        reading: for await _ in wakes {
            for item in source.drain() {
                switch item {
                case .stream(let description):
                    stream = description
                    writer = try MP4ClipWriterOpener().open(description, path: folder + "/clip.mp4")
                case .accessUnit(let unit):
                    units.append(unit)
                    writer?.append(unit)
                case .failed(let error):
                    await source.close()
                    throw error
                }
            }
            // Sound that came with the last pictures is behind them.
            if units.count(where: { $0.track == .video }) >= pictures { break reading }
        }
        await source.close()
        return Recording(stream: try #require(stream), clip: try await #require(writer).finish(), units: units)
    }

    private func complaints(_ path: String) throws -> String {
        // Not about the file: G.711 has no layout of channels anywhere.
        try Footage.complaints(path).split(separator: "\n").filter { !$0.contains("Guessed Channel Layout") }
            .joined(separator: "\n")
    }

    private func probe(_ path: String) throws -> String {
        try Footage.output(
            "ffprobe",
            [
                "-v", "error", "-select_streams", "a:0", "-show_entries", "stream=codec_name,sample_rate,channels",
                "-of",
                "csv=p=0", path,
            ]
        ).text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test(arguments: kinds)
    func `a camera's sound is in the clip as it came, as long as the pictures, and survives a crash`(kind: Kind)
        async throws
    {
        try await Footage.withFolder { folder in
            let recording = try await record(encoder: kind.encoder, pictures: 120, into: folder)
            #expect(recording.stream.audioCodec == kind.codec && recording.stream.soundRemark == nil)
            #expect(recording.clip.hasAudio)
            let path = folder + "/clip.mp4"
            #expect(try probe(path) == kind.probe)
            #expect(try complaints(path) == "")
            try checkSound(path, seconds: Double(recording.clip.videoUnits) / 20)
            // Not one byte was encoded anew: each packet's sound lies in the file as it came.
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            let sounds = recording.units.filter { $0.track == .audio }
            let sample = try #require(sounds.dropFirst(sounds.count / 2).first)
            #expect(bytes.range(of: Data(sample.payload.withUnsafeBytes { [UInt8]($0) })) != nil)
            // As if the writer had died with the file complete but not told to anybody.
            let recovered = try #require(try await MP4ClipWriterOpener().recover(path: path))
            #expect(recovered.clip.hasAudio && recovered.clip.videoUnits == recording.clip.videoUnits)
            #expect(try probe(path) == kind.probe)
            #expect(try complaints(path) == "")
            try checkSound(path, seconds: Double(recording.clip.videoUnits) / 20)
        }
    }

    /// Sound begins with the pictures, has no gap but the seam of the loop, and ends with them; so does what ffmpeg decodes.
    private func checkSound(_ path: String, seconds: Double) throws {
        let (pictures, sound) = (try Footage.packets(path), try Footage.packets(path, stream: "a:0"))
        let (first, last) = (sound.map(\.pts).min() ?? 99, sound.map(\.pts).max() ?? -99)
        #expect(abs(first) < 0.2, "\(first)")
        #expect(abs(last - (pictures.map(\.pts).max() ?? 0)) < 0.6, "\(last)")
        for (earlier, later) in zip(sound, sound.dropFirst()) {
            #expect((0.001..<0.12).contains(later.pts - earlier.pts), "\(earlier.pts) \(later.pts)")
        }
        let duration = try Footage.output(
            "ffprobe", ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path])
        let whole = try #require(Double(duration.text.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(abs(whole - seconds) < 0.6, "\(whole)")
    }

    @Test(arguments: kinds)
    func `a live view has the sound where browsers take it, and the pictures where they do not`(kind: Kind) async throws
    {
        try await Footage.withFolder { folder in
            let recording = try await record(encoder: kind.encoder, pictures: 60, into: folder)
            var muxer = try LiveFragmentsOpener().open(recording.stream, withAudio: true)
            let path = folder + "/live.mp4"
            try Data(muxer.header + muxer.add(recording.units)).write(to: URL(fileURLWithPath: path))
            #expect(try complaints(path) == "")
            // The last one waits for the one after it.
            #expect(try Footage.packets(path).count == recording.clip.videoUnits - 1)
            let sound = try Footage.packets(path, stream: "a:0")
            // Browsers play these piece by piece, and not G.711.
            let isPlayed = [.aac, .opus].contains(kind.codec)
            #expect(sound.isEmpty == !isPlayed)
            #expect(muxer.contentType.contains(", ") == isPlayed)
            if kind.codec == .opus {
                #expect(muxer.contentType.hasSuffix(", opus\""))
                #expect(try probe(path) == kind.probe)
                for (earlier, later) in zip(sound, sound.dropFirst()) {
                    #expect((0.001..<0.12).contains(later.pts - earlier.pts))
                }
            }
        }
    }
}
