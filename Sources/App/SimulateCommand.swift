import Domain
import Foundation
import Logging
import ServiceLifecycle
import Settings
import Simulator

/// `vedette simulate`, and the simulated site of `vedette run`.
package enum SimulateCommand {
    /// Serves until SIGINT or SIGTERM.
    package static func run(
        files: [String], folder: String?, address: String, port: UInt16, once: Bool, script: String?,
        randomFaults: UInt64?
    ) async throws {
        let logger = VedetteLogging.start(level: "notice")
        var streams = SimulateDefaults.streams(for: files)
        if let folder { streams += try SimulateDefaults.files(in: folder) }
        let site = SimulatedSite(
            SimulatedSite.Configuration(
                address: address, port: port, streams: streams, repetition: once ? .once : .loop,
                script: try faults(script: script, seed: randomFaults)), logger: logger)
        _ = try site.start()
        print(site.describe())
        fflush(nil)
        defer { site.stop() }
        try await ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: site)], gracefulShutdownSignals: [.sigint, .sigterm], logger: logger)
        ).run()
    }

    private static func faults(script: String?, seed: UInt64?) throws -> FaultScript? {
        guard script != nil || seed != nil else { return nil }
        guard let script else { return FaultScript(randomSeed: seed) }
        let text: String
        do {
            text = try String(contentsOfFile: script, encoding: .utf8)
        } catch {
            throw StartError("the script \(script) cannot be read: \(error.localizedDescription)")
        }
        return FaultScript(entries: try FaultScript.entries(from: text, file: script), randomSeed: seed)
    }

    /// How many cameras of a footage folder `vedette run` shows: enough to see, few enough for a small machine.
    static let shownCameras = 4

    /// Starts a site on a free port and returns it with its cameras.
    static func start(footageFolder: String?, logger: Logger) throws -> (SimulatedSite, [VedetteSettings.CameraEntry]) {
        var streams: [SimulatedSite.Stream] = []
        if let footageFolder {
            streams = try SimulateDefaults.files(in: footageFolder)
            if streams.isEmpty {
                let names = (try? FileManager.default.contentsOfDirectory(atPath: footageFolder))?.sorted() ?? []
                let videos = names.filter { name in
                    ["mp4", "mkv", "mov"].contains { name.lowercased().hasSuffix("." + $0) }
                }
                streams = SimulateDefaults.streams(for: videos.map { footageFolder + "/" + $0 })
            }
            guard !streams.isEmpty else {
                throw StartError("the folder \(footageFolder) holds no video files (.mp4, .mkv, .mov)")
            }
            streams = Array(streams.prefix(shownCameras))
        }
        // The same ports at each start, where they are free, so that the cameras in the database stay reachable.
        var site = SimulatedSite(SimulatedSite.Configuration(port: 8554, streams: streams), logger: logger)
        let served: [SimulatedSite.ServedStream]
        do {
            served = try site.start()
        } catch {
            site = SimulatedSite(SimulatedSite.Configuration(port: 0, streams: streams), logger: logger)
            served = try site.start()
        }
        logger.notice("\(site.describe())")
        let cameras = served.map {
            VedetteSettings.CameraEntry(name: $0.name, enabled: true, settings: CameraSettings(url: $0.url))
        }
        return (site, cameras)
    }
}
