import Clips
import Domain
import Logging
import Settings
import Spool
import Store
import Worker

/// Makes exports in the background and removes them when their time has come. Their jobs have a place of their own, so that
/// none keeps events from being judged.
struct ExportServices: Sendable {
    let folder: DiskExportFolder
    let path: String
    private let store: Store
    private let runner: JobRunner
    private let clock: any WallClock
    private let logger: Logger
    private static let tidySeconds = 60.0

    init(
        _ settings: VedetteSettings, layout: SpoolLayout, store: Store, clock: any WallClock, logger: Logger
    ) throws {
        path = settings.dataDirectory + "/exports"
        folder = try DiskExportFolder(
            folder: path, mediaFolder: layout.mediaFolder, mostBytes: settings.exportMostBytes)
        self.store = store
        self.clock = clock
        self.logger = logger
        let maker = ExportMaker(
            exports: store.exports, recordings: store.recordings,
            reader: RecordingAssembler(mediaFolder: layout.mediaFolder), events: store.events, cameras: store.cameras,
            folder: folder, keepSeconds: settings.exportKeepSeconds, clock: clock)
        runner = JobRunner(
            queue: store.jobs, kinds: [JobKind.export],
            configuration: .init(concurrency: 1, owner: "vedette-\(ProcessName.current)"), logger: logger,
            handle: maker.handle)
    }

    /// Until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await runner.run() }
            group.addTask { await tidy() }
        }
    }

    private func tidy() async {
        repeat {
            do {
                // In this order, so that what becomes ready meanwhile is not taken for a leftover.
                let settled = await folder.settled()
                let kept = try await store.exports.tidy(at: clock.now)
                for file in settled.subtracting(kept) { await folder.remove(file) }
            } catch {
                if !Task.isCancelled {
                    logger.warning("exports could not be tidied", metadata: ["error": "\(error)"])
                }
            }
        } while (try? await Task.sleep(for: .seconds(Self.tidySeconds))) != nil
    }
}
