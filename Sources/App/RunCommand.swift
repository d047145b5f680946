import API
import Domain
import Foundation
import Glibc
import Hummingbird
import Ingest
import Logging
import ServiceLifecycle
import Settings
import Simulator
import Spool
import Store
import WebUI
import Worker

/// `vedette run`: cameras to events to verdicts to the page, in one process.
package enum RunCommand {
    /// Runs until SIGINT or SIGTERM, then finishes open clips and stops the private database.
    package static func run(
        settings request: SettingsRequest, cameraURLs: [String], simulate: Bool, footageFolder: String?
    ) async throws {
        FreedMemory.returnAtOnce()
        var settings = try request.load(defaultDataFolder: simulate ? "./data/simulated-site" : nil)
        if ProcessInfo.processInfo.environment["VEDETTE_MODELS_DIR"] == nil, settings.modelsDirectory == nil {
            settings.modelsDirectory = ModelFiles.defaultFolder()
        }
        let logger = VedetteLogging.start(level: settings.logLevel)
        try makePrivateFolder(settings.dataDirectory)
        let token = try AdminTokenFile(dataFolder: settings.dataDirectory)

        var extraCameras = try cameras(fromURLs: cameraURLs)
        var site: SimulatedSite?
        if simulate {
            let (started, cameras) = try SimulateCommand.start(footageFolder: footageFolder, logger: logger)
            site = started
            extraCameras += cameras
        }
        let database = try await Database.open(settings, logger: logger)
        do {
            let vedette = try await Vedette(
                settings: settings, extraCameras: extraCameras, token: token, database: database, logger: logger)
            try await vedette.run(announce: {
                announce(page: $0, token: token, firstPassword: vedette.firstPassword, simulated: simulate)
            })
        } catch {
            await database.close()
            site?.stop()
            throw error
        }
        await database.close()
        site?.stop()
    }

    private static func cameras(fromURLs urls: [String]) throws -> [VedetteSettings.CameraEntry] {
        try urls.enumerated().map { index, url in
            if let problem = CameraRules.problem(url: url) {
                throw StartError("the address given with --camera \(problem)")
            }
            return VedetteSettings.CameraEntry(
                name: index == 0 ? "camera" : "camera-\(index + 1)", enabled: true,
                settings: CameraSettings(url: url))
        }
    }

    private static func announce(page: String, token: AdminTokenFile, firstPassword: String?, simulated: Bool) {
        var lines = ["", "  Vedette \(VedetteVersion.text) is watching."]
        if token.isNew {
            lines += [
                "  Open this once; it signs you in (the token is also in \(token.path)):", "",
                "    \(page)/?token=\(token.token)",
            ]
        } else {
            lines += ["  Page: \(page)   (administrator token: \(token.path))"]
        }
        if let firstPassword {
            lines += ["", "  Or sign in as admin with the password \(firstPassword) (shown only now)."]
        }
        if simulated { lines += ["", "  The cameras are simulated; events appear within a minute or two."] }
        print(lines.joined(separator: "\n") + "\n")
        fflush(nil)
    }

    static func makePrivateFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw StartError("the data folder \(path) cannot be made: \(error.localizedDescription)")
        }
        guard access(path, W_OK) == 0 else {
            throw StartError("the data folder \(path) cannot be written; give another with --data-dir")
        }
    }
}

/// Logging for the whole process, to standard error.
package enum VedetteLogging {
    package static func start(level: String) -> Logger {
        let chosen = Logger.Level(rawValue: level) ?? .info
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = chosen
            return handler
        }
        return Logger(label: "vedette")
    }
}
