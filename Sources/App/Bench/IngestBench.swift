import Foundation

/// `vedette bench ingest`: what cameras cost over RTSP, beside others who watch the same ones.
package struct IngestBench: Sendable {
    package var cameras: Int
    package var seconds: Double
    package var settle: Double
    package var analyses: [String]
    package var scenes: [String]
    package var peers: [IngestPeer]
    package var footage: String?
    package var work: String?

    package init(
        cameras: Int, seconds: Double, settle: Double, analyses: [String], scenes: [String], peers: [IngestPeer],
        footage: String?, work: String?
    ) {
        self.cameras = cameras
        self.seconds = seconds
        self.settle = settle
        self.analyses = analyses
        self.scenes = scenes
        self.peers = peers
        self.footage = footage
        self.work = work
    }

    private static let head = """
        | scene | who | CPU per camera | ÷ ladder | pictures received / due | decoded | event opened after (p50, most) | switches per s | memory per camera (ring, libraries in it) |
        |---|---|---|---|---|---|---|---|---|
        """

    /// Seconds after which a peer does what it always does; only the ladder, whose audits become rarer, is left alone for longer.
    private static let mostPeerSettle = 60.0

    /// Measures one after the other, each in a process of its own, and gives a table for people.
    /// `tell` gets each line of it as soon as it is known.
    package func run(tell: (String) -> Void) async throws -> String {
        let encoder = try Reencoder(folder: work)
        defer { if work == nil { encoder.removeFolder() } }
        var lines: [String] = []
        func add(_ line: String) {
            lines.append(line)
            tell(line)
        }
        add(Self.head)
        for scene in scenes {
            let file = try footage ?? encoder.camera(scene)
            let served = try SimulatedCameras([String](repeating: file, count: cameras))
            defer { served.stop() }
            var ladder: Double?
            for analysis in analyses {
                let cost = try watch(served.urls, analysis)
                let share = share(cost.cpuSeconds)
                if analysis == "ladder" { ladder = share }
                add(line(scene, analysis, share, ladder: ladder, cost))
            }
            for peer in peers {
                let share = share(try await watch(served.urls, peer, in: encoder.folder))
                let ratio = ladder.map { String(format: "%.1f", share / $0) } ?? "–"
                add("| \(scene) | \(peer.rawValue) | \(percent(share)) | \(ratio) | – | – | – | – | – |")
            }
        }
        return lines.joined(separator: "\n")
    }

    private func share(_ cpuSeconds: Double) -> Double { 100 * cpuSeconds / seconds / Double(cameras) }

    private func percent(_ share: Double) -> String { String(format: "%.2f %%", share) }

    private func line(_ scene: String, _ name: String, _ share: Double, ladder: Double?, _ cost: WatchingCost) -> String
    {
        let due = Int(seconds * Reencoder.cameraRate) * cameras
        let delays = cost.triggerDelays.sorted()
        let opened =
            delays.isEmpty
            ? "–"
            : String(
                format: "%.2f s, %.2f s of %d", delays[delays.count / 2], delays[delays.count - 1], delays.count)
        let memory = [cost.grownBytes, cost.bufferedBytes, cost.grownFileBytes].map {
            String(format: "%.1f", Double($0) / Double(cameras) / 1_048_576)
        }
        let rungs = cost.rungs.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let remark = cost.gaps > 0 ? " (\(cost.gaps) interruptions)" : ""
        return "| \(scene) | \(name)\(rungs.isEmpty ? "" : ": \(rungs)") | \(percent(share)) | "
            + "\(ladder.map { String(format: "%.1f", share / $0) } ?? "–") | \(cost.units) / \(due)\(remark) | "
            + "\(cost.decoded) | \(opened) | "
            + "\(String(format: "%.0f", Double(cost.switches) / seconds / Double(cameras))) | "
            + "\(memory[0]) MB (\(memory[1]), \(memory[2])) |"
    }

    /// Lets a child watch, so that each measurement begins with a fresh process.
    private func watch(_ urls: [String], _ analysis: String) throws -> WatchingCost {
        let process = Process()
        process.executableURL = try ownExecutable()
        process.arguments =
            ["bench", "watch-cameras", "--analysis", analysis, "--seconds", "\(seconds)", "--settle", "\(settle)"]
            + urls
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0, let cost = try? JSONDecoder().decode(WatchingCost.self, from: output)
        else {
            throw StartError("watching the cameras with `\(analysis)` ended with \(process.terminationStatus)")
        }
        return cost
    }

    /// CPU seconds of a peer over the measured time.
    private func watch(_ urls: [String], _ peer: IngestPeer, in folder: URL) async throws -> Double {
        let processes = try peer.start(urls, folder: folder)
        defer {
            // Motion does not always end on a SIGTERM, and there is nothing of theirs to keep.
            for process in processes where process.isRunning { kill(process.processIdentifier, SIGKILL) }
            for process in processes { process.waitUntilExit() }
        }
        func total() throws -> Double {
            try processes.reduce(0) { sum, process in
                guard process.isRunning, let seconds = ProcessCPU.seconds(of: process.processIdentifier) else {
                    throw StartError("\(peer.rawValue) ended by itself; is it installed?")
                }
                return sum + seconds
            }
        }
        try await Task.sleep(for: .seconds(min(settle, Self.mostPeerSettle)))
        let before = try total()
        try await Task.sleep(for: .seconds(seconds))
        return try total() - before
    }
}
