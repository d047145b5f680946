import App
import ArgumentParser

/// `vedette simulate`: a site of RTSP cameras.
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a site of simulated RTSP cameras.",
        discussion: """
            Each file becomes a camera that plays it in a loop; without files, generated scenes are served.

            With --script or --random-faults the cameras misbehave, and each has a port of its own, after --port in their \
            order. A script is YAML or JSON: a list of entries with "at" (when it begins: 20s, 500ms, 2m), "fault", and, \
            where wanted, "camera" (else all), "for" (how long; else to the end) and "every" (again each time so long \
            after it began):

              - {at: 20s, camera: gate, fault: loss, share: 0.05, for: 10s, every: 1m}

            Faults: drop (hangs up), stall, refuse, hang, slow (kbps), loss (share), reorder (share), jump (seconds), \
            drift (ppm), codec, resolution, truncate (share), garble (share), garbage, unauthorized, endless-sdp. \
            docs/guide/simulator.md says what each does.
            """)

    @Argument(help: "Video files (H.264 or H.265).")
    var files: [String] = []

    @Option(help: "Folder with a media.json that lists clips to serve.")
    var folder: String?

    @Option(help: "Address to listen on.")
    var address = "127.0.0.1"

    @Option(help: "Port to listen on; 0 takes a free one.")
    var port: UInt16 = 8554

    @Flag(help: "Play each file once instead of in a loop.")
    var once = false

    @Option(help: ArgumentHelp("Script of what goes wrong when, YAML or JSON.", valueName: "file"))
    var script: String?

    @Option(
        help: ArgumentHelp("Let all cameras misbehave at random, the same way for the same number.", valueName: "seed"))
    var randomFaults: UInt64?

    func run() async throws {
        try await reporting {
            try await SimulateCommand.run(
                files: files, folder: folder, address: address, port: port, once: once, script: script,
                randomFaults: randomFaults)
        }
    }
}
