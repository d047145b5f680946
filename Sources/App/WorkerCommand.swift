import Clips
import Domain
import Foundation
import Ingest
import Logging
import Motion
import ServiceLifecycle
import Settings
import Spool
import Store
import Worker

/// `vedette worker`: takes jobs until it is told to stop, and then gives back what it has not finished.
package enum WorkerCommand {
    package static func run(
        settings request: SettingsRequest, concurrency: Int?, prefetch: Int, leaseSeconds: Double
    ) async throws {
        var settings = try request.load()
        if ProcessInfo.processInfo.environment["VEDETTE_MODELS_DIR"] == nil, settings.modelsDirectory == nil {
            settings.modelsDirectory = ModelFiles.defaultFolder()
        }
        let logger = VedetteLogging.start(level: settings.logLevel)
        let places = concurrency ?? settings.workerConcurrency
        let store = try await AttachedDatabase.open(settings, logger: logger, poolSize: min(16, max(2, places)))
        do {
            let clock = SystemClock()
            let judges = try JudgeFactory(
                modelFolders: settings.modelsDirectory.map { [$0] } ?? [], clock: clock, logger: logger)
            let layout = SpoolLayout(dataFolder: settings.dataDirectory)
            let judge = EventJudge(
                store: store.judging, reanalyses: store.reanalyses, meter: store.meter,
                readMedia: { DurableFile.read(layout.mediaFolder + "/" + $0) },
                makeModel: { (analyzer) async throws(JudgeError) in try await judges.model(for: analyzer) },
                clock: clock,
                sampler: MediaFrameSampler(
                    mediaFolder: layout.mediaFolder, decoders: GStreamerDecoderOpener(), encoder: JPEGStillEncoder()),
                recordings: store.recordings)
            let runner = JobRunner(
                queue: store.jobs, kinds: EventJudge.kinds,
                configuration: .init(
                    concurrency: places, owner: "vedette-worker-\(ProcessName.current)",
                    leaseSeconds: leaseSeconds, heartbeatSeconds: leaseSeconds / 3, prefetch: prefetch),
                logger: logger, handle: judge.handle)
            logger.notice("working", metadata: ["concurrency": "\(places)"])
            try await ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    services: [.init(service: UntilStopped("worker") { await runner.run() })],
                    gracefulShutdownSignals: [.sigint, .sigterm], logger: logger)
            ).run()
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }
}
