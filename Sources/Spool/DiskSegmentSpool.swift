import Dispatch
import Domain
import Logging

/// Segments on a local disk, with the order on disk that events have: draft sidecar → file, synced → final sidecar, synced →
/// file renamed into the media tree, synced → row committed → sidecar removed.
package final class DiskSegmentSpool: SegmentSpool {
    let layout: SpoolLayout
    private let handOver: SegmentHandOver
    private let logger: Logger
    private let disk = DispatchQueue(label: "vedette.spool.segments")

    package init(layout: SpoolLayout, handOver: SegmentHandOver, logger: Logger) {
        self.layout = layout
        self.handOver = handOver
        self.logger = logger
    }

    package func begin(_ draft: SegmentDraft) throws -> String {
        try DurableFile.makeFolder(layout.segmentsFolder)
        // Not synced: if the power fails before the disk has it, the segment is gone without trace.
        try DurableFile.write(SegmentSidecar.recording(draft).encoded(), to: layout.sidecar(of: draft.id), sync: false)
        return layout.part(of: draft.id)
    }

    package func finish(_ draft: SegmentDraft, _ outcome: SegmentOutcome) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            disk.async { continuation.resume(with: Result { try self.settle(draft, outcome) }) }
        }
        await handOver.submit(draft.id)
    }

    package func discard(_ id: Identifier<Segment>) {
        do {
            try DurableFile.remove(layout.part(of: id))
            try DurableFile.remove(layout.sidecar(of: id))
        } catch {
            logger.warning("left in the spool until the next start", metadata: ["error": "\(error)"])
        }
    }

    /// The file into its place; blocking.
    func settle(_ draft: SegmentDraft, _ outcome: SegmentOutcome) throws {
        let record = SegmentRecord(draft: draft, outcome: outcome, path: layout.mediaPath(of: draft))
        try DurableFile.replace(layout.sidecar(of: draft.id), with: SegmentSidecar.finished(record).encoded())
        try layout.moveIntoMedia(record)
    }
}
