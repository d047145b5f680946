import Foundation
import Testing

@testable import Simulator

/// Needs the clips of the shared media folder, which a plain clone does not have.
@Suite(.serialized, .timeLimit(.minutes(10)), .enabled(if: SharedMedia.folder != nil))
struct FileTests {
    @Test func `a folder with a manifest is served under the names of its files`() throws {
        let streams = try SimulateDefaults.files(in: try #require(SharedMedia.folder))
        #expect(streams.count == 10)
        #expect(streams.contains { $0.name == "indoor-visits" })
        #expect(Set(streams.map(\.name)).count == streams.count)
    }

    @Test func `a clip out of order plays with its own spacing over the end of its loop`() async throws {
        let clip = try #require(SharedMedia.clip("porch-package.mp4"))
        let site = SmallScene.site(SimulateDefaults.streams(for: [clip]))
        try site.start()
        defer { site.stop() }
        let content = try #require(site.content(of: "porch-package"))
        #expect(content.accessUnitCount == 372 && content.hasAudio)
        #expect(abs(content.loopSeconds - 12.4) < 0.001, "\(content.loopSeconds)")
        let url = try site.url(for: "porch-package")
        #expect(try await Child.streams(url).sorted() == ["aac", "h264,854,480"])
        let (packets, outcome) = try await Child.packets(url, seconds: 15)
        let times = packets.map(\.seconds).filter { !$0.isNaN }.sorted()
        let steps = zip(times, times.dropFirst()).map { $1 - $0 }
        #expect(times.count > 440, "\(outcome)")
        #expect(steps.allSatisfy { abs($0 - 1.0 / 30) < 0.002 }, "\(steps.filter { abs($0 - 1.0 / 30) >= 0.002 })")
    }

    @Test func `every clip is served whole`() async throws {
        let folder = try #require(SharedMedia.folder)
        let frames = [
            "indoor-visits": 1394, "road-overhead-cars": 377, "plaza-people": 795, "shop-counter-1080p": 603,
            "tree-sway-hand": 449, "street-exposure-change": 233,
        ]
        let site = SmallScene.site(try SimulateDefaults.files(in: folder))
        let began = Date()
        try site.start()
        print("ten clips were read in \(Date().timeIntervalSince(began)) s\n\(site.describe())")
        defer { site.stop() }
        for (name, count) in frames { #expect(site.content(of: name)?.accessUnitCount == count, "\(name)") }
        #expect(try await Child.streams(site.url(for: "shop-counter-1080p")) == ["h264,1920,1080"])
    }

    @Test func `a received clip decodes to the pictures of the file`() async throws {
        let clip = try #require(SharedMedia.clip("tree-sway-hand.mp4"))
        let site = SmallScene.site(SimulateDefaults.streams(for: [clip]), sharing: .fromStart, repetition: .once)
        try site.start()
        defer { site.stop() }
        func hashes(_ input: [String]) async throws -> [String] {
            let outcome = try await Child.run(
                ["ffmpeg", "-v", "error"] + input + ["-an", "-frames:v", "40", "-fps_mode", "passthrough"]
                    + ["-f", "framemd5", "-"])
            return outcome.output.split(separator: "\n").filter { !$0.hasPrefix("#") }
                .compactMap { $0.split(separator: " ").last.map(String.init) }
        }
        let file = try await hashes(["-i", clip])
        let url = try site.url(for: "tree-sway-hand")
        for transport in ["tcp", "udp"] {
            let received = try await hashes(["-rtsp_transport", transport, "-i", url])
            #expect(received == file, "\(transport)")
        }
    }

    @Test func `four full-HD streams cost little`() async throws {
        let clip = try #require(SharedMedia.clip("shop-counter-1080p.mp4"))
        let site = SmallScene.site(SimulateDefaults.streams(for: [clip, clip, clip, clip]))
        try site.start()
        defer { site.stop() }
        func processorSeconds() -> Double {
            var usage = rusage()
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
                + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
        }
        let names = ["shop-counter-1080p", "shop-counter-1080p-2", "shop-counter-1080p-3", "shop-counter-1080p-4"]
        let (began, used) = (Date(), processorSeconds())
        try await withThrowingTaskGroup(of: Int.self) { group in
            for name in names {
                let url = try site.url(for: name)
                group.addTask {
                    let outcome = try await Child.run(
                        ["ffmpeg", "-v", "error", "-rtsp_transport", "tcp", "-i", url, "-c", "copy", "-t", "10"]
                            + ["-f", "null", "-"])
                    return outcome.complaints.count
                }
            }
            for try await _ in group {}
        }
        let share = (processorSeconds() - used) / Date().timeIntervalSince(began)
        print("four 1080p30 streams cost \(share * 100) % of a core")
        // About 0.04 alone; other tests of this process may encode scenes meanwhile.
        #expect(share < 1)
    }
}
