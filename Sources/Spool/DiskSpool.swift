import Dispatch
import Domain
import Logging

/// The spool on a local disk.
///
/// Order on disk for one event: draft sidecar → clip and pictures, synced → final sidecar, synced → folder renamed into
/// the media tree, synced → row committed → sidecar removed. A crash between any two is finished by `SpoolRecovery`.
package final class DiskSpool: EventSpool {
    package let layout: SpoolLayout
    private let handOver: HandOver
    private let logger: Logger
    private let disk = DispatchQueue(label: "vedette.spool")

    package init(layout: SpoolLayout, handOver: HandOver, logger: Logger) {
        self.layout = layout
        self.handOver = handOver
        self.logger = logger
    }

    package func begin(_ draft: EventDraft) throws -> String {
        try DurableFile.makeFolder(layout.folder(of: draft.id))
        // Not synced: if the power fails before the disk has it, the event is gone without trace, as it may be.
        try DurableFile.write(Sidecar.recording(draft).encoded(), to: layout.sidecar(of: draft.id), sync: false)
        return layout.folder(of: draft.id) + "/" + SpoolLayout.partName
    }

    package func finish(_ draft: EventDraft, _ outcome: EventOutcome) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            disk.async { continuation.resume(with: Result { try self.settle(draft, outcome) }) }
        }
        await handOver.submit(draft.id)
    }

    package func discard(_ id: Identifier<Event>) {
        do {
            try DurableFile.remove(layout.folder(of: id))
            try DurableFile.remove(layout.sidecar(of: id))
        } catch {
            logger.warning("left in the spool until the next start", metadata: ["error": "\(error)"])
        }
    }

    /// Files into place; blocking.
    func settle(_ draft: EventDraft, _ outcome: EventOutcome) throws {
        let folder = layout.folder(of: draft.id)
        let mediaPath = layout.mediaPath(of: draft.id, triggeredAt: draft.triggeredAt)
        var thumbnailPath: String?
        if let thumbnail = outcome.thumbnail {
            try DurableFile.write(thumbnail.jpeg, to: folder + "/" + SpoolLayout.thumbnailName)
            thumbnailPath = mediaPath + "/" + SpoolLayout.thumbnailName
        }
        var evidence: [EvidenceRecord] = []
        for (index, item) in outcome.evidence.enumerated() {
            let name = SpoolLayout.evidenceName(index + 1)
            try DurableFile.write(item.still.jpeg, to: folder + "/" + name)
            evidence.append(
                EvidenceRecord(
                    path: mediaPath + "/" + name, atSeconds: item.atSeconds, widthPixels: item.still.widthPixels,
                    heightPixels: item.still.heightPixels, sizeBytes: Int64(item.still.jpeg.count), box: item.box))
        }
        try DurableFile.rename(folder + "/" + SpoolLayout.partName, to: folder + "/" + SpoolLayout.clipName)
        let record = EventRecord(
            id: draft.id, organization: draft.organization, site: draft.site, camera: draft.camera, kind: draft.kind,
            state: outcome.state, triggeredAt: draft.triggeredAt, startedAt: draft.startedAt,
            endedAt: outcome.endedAt, score: outcome.score, boxes: outcome.boxes,
            clip: ClipRecord(
                path: mediaPath + "/" + SpoolLayout.clipName, startsAt: draft.clipStartsAt,
                durationSeconds: outcome.clip.durationSeconds, sizeBytes: outcome.clip.sizeBytes,
                sha256: outcome.clip.sha256, codec: outcome.stream.codec, widthPixels: outcome.stream.widthPixels,
                heightPixels: outcome.stream.heightPixels, hasAudio: outcome.clip.hasAudio,
                videoUnits: outcome.clip.videoUnits),
            thumbnailPath: thumbnailPath, evidence: evidence, continues: draft.continues,
            zones: outcome.zones, triggerLabel: draft.triggerLabel)
        try DurableFile.sync(folder: folder)
        try DurableFile.replace(layout.sidecar(of: draft.id), with: Sidecar.finished(record).encoded())
        try layout.moveIntoMedia(record)
    }
}

extension SpoolLayout {
    /// Renames a finished event's folder into the media tree, durably; done already is fine. Upholds I1 and I2.
    func moveIntoMedia(_ record: EventRecord) throws {
        let source = folder(of: record.id)
        guard DurableFile.exists(source) else { return }
        let target = mediaFolder + "/" + mediaPath(of: record.id, triggeredAt: record.triggeredAt)
        if let slash = target.lastIndex(of: "/") { try DurableFile.makeFolder(String(target[..<slash])) }
        try DurableFile.rename(source, to: target)
        try DurableFile.sync(folderOf: target)
        try DurableFile.sync(folder: spoolFolder)
    }
}
