import Foundation
import Testing

@testable import Simulator

@Suite(.timeLimit(.minutes(10)))
struct ConfigurationTests {
    @Test func `files are named after their stems, each once`() {
        let streams = SimulateDefaults.streams(for: ["/a/gate.mp4", "/b/gate.mkv", "/c/front door ü.mp4"])
        #expect(streams.map(\.name) == ["gate", "gate-2", "front-door--"])
    }

    @Test func `names and faults that make no sense are refused`() {
        let scene = SmallScene.make("gate")
        func refused(_ streams: [SimulatedSite.Stream]) -> Bool {
            do {
                try SimulatedSite(.init(port: 0, streams: streams)).start()
                return false
            } catch { return error.code == .configuration }
        }
        #expect(refused([.init(name: "a/b", source: .scene(scene))]))
        #expect(refused([.init(name: "", source: .scene(scene))]))
        #expect(refused([.init(scene: scene), .init(scene: scene)]))
        #expect(refused([.init(scene: scene, fault: .corrupt(fraction: 1.5))]))
    }

    @Test func `a file that is no video is refused with its name`() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).mp4").path
        try Data(repeating: 7, count: 5000).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        for path in [path, path + ".missing"] {
            let error = #expect(throws: SimulatorError.self) {
                try SimulatedSite(.init(port: 0, streams: SimulateDefaults.streams(for: [path]))).start()
            }
            #expect(error?.code == .file)
            #expect(error?.description.contains(path) == true)
        }
    }

    @Test func `a taken port is said`() throws {
        let first = SmallScene.site([.init(scene: SmallScene.make("gate"))])
        try first.start()
        defer { first.stop() }
        let port = try #require(UInt16(try first.url(for: "gate").split(separator: "/")[1].split(separator: ":")[1]))
        let error = #expect(throws: SimulatorError.self) {
            try SimulatedSite(.init(port: port, streams: [.init(scene: SmallScene.make("gate"))])).start()
        }
        #expect(error?.code == .listening)
        #expect(error?.description.contains("\(port)") == true)
    }

    @Test func `starting and stopping twice is legal`() throws {
        let site = SmallScene.site([.init(scene: SmallScene.make("gate"))])
        site.stop()
        let served = try site.start()
        #expect(try site.start() == served)
        site.stop()
        site.stop()
        #expect(throws: SimulatorError.self) { try site.setReachable(true) }
        try site.start()
        site.stop()
    }

    @Test func `run serves until it is cancelled and then lets go of the port`() async throws {
        let site = SmallScene.site([.init(scene: SmallScene.make("gate"))])
        let running = Task { try await site.run() }
        var url: String?
        // Until it listens; there is no signal for that but its answer.
        while url == nil {
            url = try? site.url(for: "gate")
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(try await Child.streams(#require(url)) == ["h264,320,180"])
        running.cancel()
        try await running.value
        let outcome = try await Child.run(["ffprobe", "-v", "error", try #require(url)])
        #expect(outcome.complaints.contains("refused"))
    }
}
