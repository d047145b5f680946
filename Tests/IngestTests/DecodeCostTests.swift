import Domain
import Foundation
import Simulator
import Testing

@testable import Ingest

/// Measures instead of judging: run by hand with VEDETTE_BENCH set.
struct DecodeCostTests {
    private static let isWanted = ProcessInfo.processInfo.environment["VEDETTE_BENCH"] != nil && Camera.shared != nil

    @Test(.enabled(if: isWanted)) func `cost of decoding 1080p and reading its luma in place`() async throws {
        let path = try #require(Camera.shared).appendingPathComponent("shop-counter-1080p.mp4").path
        var before = cpuSeconds()
        let started = Date()
        let intake = try await Camera.withSite([.init(name: "shop", source: .file(path: path))]) { site in
            try await Camera.read(site.url(for: "shop")) { $0.video.count >= 300 }
        }
        let received = cpuSeconds() - before
        let bytes = intake.video.reduce(0) { $0 + $1.payload.byteCount }
        print(
            "serving and receiving \(intake.video.count) pictures, \(bytes) bytes, in \(Date().timeIntervalSince(started)) s: \(received) s of CPU"
        )
        let wakes = Wakes()
        let decoder = try GStreamerDecoderOpener().open(try #require(intake.stream), wake: wakes.wake)
        before = cpuSeconds()
        var (count, sum, given) = (0, 0, 0)
        for unit in intake.video.prefix(100) {
            decoder.decode(unit)
            given += 1
        }
        for await _ in wakes.stream {
            for frame in decoder.drain() {
                count += 1
                try frame.withPicture { sum += Int($0.luma.bytes.load(as: UInt8.self)) }
                if given < intake.video.count {
                    decoder.decode(intake.video[given])
                    given += 1
                }
            }
            if count >= 290 { break }
        }
        let used = cpuSeconds() - before
        print("decoding \(count) frames: \(used) s of CPU, \(used / Double(count) * 1000) ms each, \(sum)")
        await decoder.close()
    }

    @Test(.enabled(if: isWanted)) func `memory of opening and closing a hundred times`() async throws {
        try await Camera.withFootage { path in
            try await Camera.withSite([.init(name: "gate", source: .file(path: path))]) { site in
                for round in 0..<5 {
                    for _ in 0..<20 {
                        let intake = try await Camera.read(site.url(for: "gate")) { !$0.video.isEmpty }
                        let wakes = Wakes()
                        let decoder = try GStreamerDecoderOpener().open(
                            try #require(intake.stream), wake: wakes.wake)
                        for unit in intake.video { decoder.decode(unit) }
                        for await _ in wakes.stream where !decoder.drain().isEmpty { break }
                        await decoder.close()
                    }
                    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
                    let lines = status.split(separator: "\n").filter {
                        $0.hasPrefix("VmRSS") || $0.hasPrefix("Threads")
                    }
                    let files = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
                    print("round \(round): \(lines.joined(separator: " ")), \(files) descriptors")
                }
            }
        }
    }

    private func cpuSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }
}
