import App
import ArgumentParser

/// `vedette simulate`: a site of RTSP cameras.
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a site of simulated RTSP cameras.",
        discussion: "Each file becomes a camera that plays it in a loop; without files, generated scenes are served.")

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

    func run() async throws {
        try await reporting {
            try await SimulateCommand.run(files: files, folder: folder, address: address, port: port, once: once)
        }
    }
}
