import Domain
import Logging
import Spool

/// Continuous recording's way from the spool to the store.
struct SegmentServices: Sendable {
    let spool: DiskSegmentSpool
    let handOver: SegmentHandOver
    private let recovery: SegmentRecovery
    private let store: any RecordingStore
    private let logger: Logger

    /// Settles what a crash left, before anything records.
    init(
        layout: SpoolLayout, store: any RecordingStore, clips: any ClipWriterOpener, logger: Logger
    ) async throws {
        self.store = store
        self.logger = logger
        handOver = SegmentHandOver(layout: layout, store: store, logger: logger)
        spool = DiskSegmentSpool(layout: layout, handOver: handOver, logger: logger)
        recovery = SegmentRecovery(spool: spool, clips: clips, logger: logger)
        let (report, toHandOver) = try await recovery.settleSpool()
        for id in toHandOver { await handOver.submit(id) }
        if report != SpoolRecovery.Report() {
            logger.notice(
                "settled the segments after an unclean stop",
                metadata: [
                    "recovered": "\(report.recovered)", "resumed": "\(report.resumed)", "removed": "\(report.removed)",
                ])
        }
    }

    /// Removes files without a row.
    func settleMedia(startedAt: WallTime) async throws {
        let report = try await recovery.settleMedia(store: store, startedAt: startedAt)
        if report.removed > 0 {
            logger.notice("removed segments without a row", metadata: ["files": "\(report.removed)"])
        }
    }
}
