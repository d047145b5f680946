import App
import ArgumentParser

/// `vedette probe`: asks a camera once.
struct Probe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell what a camera sends, or why it cannot be watched.",
        discussion: "Connects for a few seconds and changes nothing. Ends with 1 where the camera cannot be watched.")

    @Argument(
        help:
            "Address (rtsp://user:password@host/path, rtsps://…, v4l2:///dev/video0); - reads it from standard input.")
    var address: String

    @Option(help: "tcp or udp.")
    var transport = "tcp"

    @Option(help: "As a camera's setting `certificate`, for rtsps addresses.")
    var certificate = "system"

    @Option(help: "Seconds after which to give up.")
    var seconds = 10.0

    @Option(help: "As the setting `decoder`.")
    var decoder = "auto"

    @Option(help: "Write a picture to this JPEG file.")
    var picture: String?

    @Flag(help: "Print one JSON object, with the picture in base64.")
    var json = false

    func validate() throws {
        guard (1...60).contains(seconds) else { throw ValidationError("--seconds must be from 1 to 60") }
    }

    func run() async throws {
        try await reporting {
            let good = try await ProbeCommand.run(
                address: address, transport: transport, certificate: certificate, seconds: seconds, decoder: decoder,
                picture: picture, json: json)
            if !good { throw ExitCode(1) }
        }
    }
}
