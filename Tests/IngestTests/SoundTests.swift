import Domain
import Foundation
import Glibc
import Simulator
import TestSupport
import Testing

@testable import Ingest

/// How loud a camera is, and what follows from it.
@Suite(.timeLimit(.minutes(10)))
struct SoundTests {
    // MARK: Measuring

    private func levels(rate: Int, channels: Int, seconds: Double, sample: (Int, Int) -> Float) -> [SoundLevel] {
        var meter = LevelMeter()
        let frames = Int(Double(rate) * seconds)
        // In uneven pieces, as decoders give them.
        var done = 0
        while done < frames {
            let piece = min(frames - done, 333)
            let base = done
            meter.add(
                frames: piece, channelCount: channels, rate: rate,
                at: MediaTime(seconds: 5 + Double(done) / Double(rate))
            ) { sample(base + $0 / channels, $0 % channels) }
            done += piece
        }
        return meter.takeLevels()
    }

    @Test(arguments: [8000, 16_000, 44_100, 48_000], [1, 2])
    func `a sine of half scale has -9 decibels, whatever the microphone adds to it`(rate: Int, channels: Int) {
        let measured = levels(rate: rate, channels: channels, seconds: 1.05) { frame, channel in
            // The second channel is broken.
            channel == 0 ? 0.5 * Float(sin(Double(frame) * 2 * .pi * 440 / Double(rate))) + 0.1 : 0
        }
        #expect(measured.count == 10)
        for (number, level) in measured.enumerated() {
            #expect(abs(level.dbfs + 9.03) < 0.1, "\(level)")
            #expect(abs(level.start.seconds - 5 - Double(number) / 10) < 0.001 && abs(level.seconds - 0.1) < 0.001)
        }
    }

    @Test func `silence is silent, full scale is 0, and nonsense is nothing`() {
        #expect(levels(rate: 8000, channels: 1, seconds: 0.2) { _, _ in 0 }.map(\.dbfs) == [-120, -120])
        let square = levels(rate: 8000, channels: 1, seconds: 0.1) { frame, _ in frame % 2 == 0 ? 1 : -1 }
        #expect(square.map(\.dbfs) == [0])
        #expect(levels(rate: 8000, channels: 1, seconds: 0.1) { _, _ in .nan }.map(\.dbfs) == [-120])
        #expect(levels(rate: 8000, channels: 9, seconds: 0.1) { _, _ in 1 }.isEmpty)
        #expect(levels(rate: 10, channels: 1, seconds: 10) { _, _ in 1 }.isEmpty)
    }

    @Test func `G.711 is expanded as its tables say`() {
        // ITU-T G.711 tables 1a and 2a: the largest and smallest codes, in units of 16 bits.
        #expect(G711.aLaw[0xaa] == 32256.0 / 32768 && G711.aLaw[0x2a] == -32256.0 / 32768)
        #expect(G711.aLaw[0xd5] == 8.0 / 32768 && G711.aLaw[0x55] == -8.0 / 32768)
        #expect(G711.muLaw[0x80] == 32124.0 / 32768 && G711.muLaw[0x00] == -32124.0 / 32768)
        #expect(G711.muLaw[0xff] == 0 && G711.muLaw[0x7f] == 0)
    }

    // MARK: Hearing

    /// Quiet, a tone from 3 s to 4.5 s, quiet, and from 8 s on noise that does not end; with still pictures.
    private static func encode(_ path: String, sound: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            [
                "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "color=c=gray:size=320x180:rate=10", "-f", "lavfi",
                "-i",
                "aevalsrc='0.001*random(0)+0.3*sin(2*PI*700*t)*between(t\\,3\\,4.5)+0.4*(random(1)-0.5)*gte(t\\,8)':s=48000",
                "-t", "16", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "10",
            ] + sound + [path]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    private struct Heard {
        var begins: [(since: Double, at: Double, dbfs: Double)] = []
        var until: Double?
        var loudest: Double?
        var complaints: [String] = []
    }

    /// What follows from the first 14 s that a camera sends; times from its first picture on.
    private static func hear(_ url: String) async throws -> Heard {
        let wakes = Wakes()
        let source = try RTSPOpener(clock: SystemClock()).open(
            Domain.SourceLocation(url: url, transport: .tcp, timeoutSeconds: 60), wake: wakes.wake)
        let hearing = Hearing(
            AudioTrigger(levelDBFS: -30, seconds: 0.5, hysteresisDB: 6, rearmSeconds: 2), memory: nil)
        var heard = Heard()
        var first: MediaTime?
        reading: for await _ in wakes.stream {
            for item in source.drain() {
                switch item {
                case .stream(let stream): #expect(hearing.begin(stream) == nil)
                case .failed(let error): throw error
                case .accessUnit(let unit):
                    if unit.track == .video { first = first ?? unit.presentation }
                    hearing.received(unit)
                    if let first, unit.presentation.seconds(since: first) > 14 { break reading }
                }
            }
            for finding in hearing.advance() {
                let start = first?.seconds ?? 0
                switch finding {
                case .begins(let since, let at, let dbfs):
                    heard.begins.append((since.seconds - start, at.seconds - start, dbfs))
                case .goesOn(let until): heard.until = until.seconds - start
                }
            }
            heard.complaints += hearing.takeComplaints()
            heard.loudest = hearing.levelDBFS ?? heard.loudest
        }
        hearing.stop()
        await source.close()
        for decoder in hearing.takeClosed() { await decoder.close() }
        return heard
    }

    private static let kinds = [
        ("aac", "mp4", ["-c:a", "aac", "-ar", "16000", "-ac", "1"]),
        ("aac stereo", "mp4", ["-c:a", "aac", "-ar", "48000", "-ac", "2"]),
        ("pcma", "mkv", ["-c:a", "pcm_alaw", "-ar", "8000", "-ac", "1"]),
        ("pcmu", "mkv", ["-c:a", "pcm_mulaw", "-ar", "8000", "-ac", "1"]),
        ("opus", "mkv", ["-c:a", "libopus", "-ar", "48000", "-ac", "2"]),
    ]

    @Test func `over RTSP a tone after silence is told once, at its time, and steady noise once more`() async throws {
        let folder = try TestFolder.make()
        var streams: [SimulatedSite.Stream] = []
        for (number, kind) in Self.kinds.enumerated() {
            let path = "\(folder)/\(number).\(kind.1)"
            try Self.encode(path, sound: kind.2)
            streams.append(.init(name: "camera\(number)", source: .file(path: path)))
        }
        try await Camera.withSite(streams) { site in
            let urls = try streams.map { try site.url(for: $0.name) }
            let all = try await withThrowingTaskGroup(of: (Int, Heard).self) { group in
                for (number, url) in urls.enumerated() {
                    group.addTask { (number, try await Self.hear(url)) }
                }
                return try await group.reduce(into: [Int: Heard]()) { $0[$1.0] = $1.1 }
            }
            for (number, kind) in Self.kinds.enumerated() {
                let heard = try #require(all[number])
                #expect(heard.complaints.isEmpty, "\(kind.0): \(heard.complaints)")
                #expect(heard.begins.count == 2, "\(kind.0): \(heard.begins)")
                let (tone, noise) = (try #require(heard.begins.first), try #require(heard.begins.last))
                #expect(abs(tone.since - 3) < 0.25 && abs(tone.at - 3.5) < 0.25, "\(kind.0): \(tone)")
                // A sine of 0.3 of full scale; ffmpeg gives each of two channels 3 dB less.
                let expected = kind.2.last == "2" ? -16.5 : -13.5
                #expect(abs(tone.dbfs - expected) < 1.5, "\(kind.0): \(tone)")
                #expect(abs(noise.since - 8) < 0.25 && abs(noise.at - 8.5) < 0.25, "\(kind.0): \(noise)")
                #expect((heard.until ?? 0) > 12, "\(kind.0): \(String(describing: heard.until))")
                #expect((heard.loudest ?? -120) > -30, "\(kind.0)")
            }
        }
    }

    @Test func `a camera without sound is told to hear nothing`() async throws {
        try await Camera.withFootage { path in
            try await Camera.withSite([.init(name: "gate", source: .file(path: path))]) { site in
                let intake = try await Camera.read(site.url(for: "gate")) { $0.video.count >= 3 }
                let hearing = Hearing(AudioTrigger(levelDBFS: -30), memory: nil)
                let remark = hearing.begin(try #require(intake.stream))
                #expect(remark?.contains("no sound") == true)
                for unit in intake.video { hearing.received(unit) }
                #expect(hearing.advance().isEmpty && hearing.levelDBFS == nil)
            }
        }
    }

    @Test func `sound that is garbage is complained of or silent, and never ends anything`() async throws {
        let folder = try TestFolder.make()
        let path = folder + "/in.mp4"
        try Self.encode(path, sound: Self.kinds[0].2)
        try await Camera.withSite([.init(name: "gate", source: .file(path: path))]) { site in
            let intake = try await Camera.read(site.url(for: "gate")) { $0.audio.count >= 20 }
            let hearing = Hearing(AudioTrigger(levelDBFS: -30), memory: nil)
            _ = hearing.begin(try #require(intake.stream))
            let first = try #require(intake.audio.first)
            for number in 0..<200 {
                var unit = first
                unit.presentation = first.presentation.advanced(bySeconds: Double(number) * 0.064)
                unit.payload = Garbage(bytes: (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ number &* 101) })
                hearing.received(unit)
                _ = hearing.advance()
            }
            hearing.stop()
            for decoder in hearing.takeClosed() { await decoder.close() }
        }
    }
}

private final class Garbage: AccessUnitPayload {
    let bytes: [UInt8]
    var byteCount: Int { bytes.count }

    init(bytes: [UInt8]) { self.bytes = bytes }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBytes(body)
    }
}
