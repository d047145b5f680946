import App
import ArgumentParser
import Settings

/// `vedette run`: everything in one process.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch the cameras, judge events, serve the page and the API.",
        discussion: """
            With neither --config nor --camera, a simulated site is served and watched, so that there is something to see.
            """)

    @OptionGroup var settings: SettingsOptions

    @Option(help: "Watch this RTSP address, as a camera named `camera`, `camera-2` …; may be given several times.")
    var camera: [String] = []

    @Flag(help: "Serve a simulated site of RTSP cameras and watch it.")
    var simulate = false

    @Option(help: "Folder whose video files the simulated site plays instead of generated scenes.")
    var footage: String?

    func run() async throws {
        try await reporting {
            try await RunCommand.run(
                settings: settings.request, cameraURLs: camera,
                simulate: simulate || (settings.config == nil && camera.isEmpty), footageFolder: footage)
        }
    }
}
