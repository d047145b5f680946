import Domain
import Logging

/// Finishes at start what a crash left half done, so that files, sidecars and rows agree again (I2, I5).
package struct SpoolRecovery: Sendable {
    private let layout: SpoolLayout
    private let clips: any ClipWriterOpener
    private let spool: DiskSpool
    private let logger: Logger

    /// What was found and done.
    package struct Report: Sendable, Hashable {
        package var recovered = 0
        package var resumed = 0
        package var removed = 0

        package init() {}
    }

    package init(spool: DiskSpool, clips: any ClipWriterOpener, logger: Logger) {
        layout = spool.layout
        self.spool = spool
        self.clips = clips
        self.logger = logger
    }

    /// Settles the spool folder; needs no database. Run it before ingest starts. Returns the events to hand over.
    package func settleSpool() async throws -> (report: Report, toHandOver: [Identifier<Event>]) {
        try DurableFile.makeFolder(layout.spoolFolder)
        try DurableFile.makeFolder(layout.mediaFolder)
        var report = Report()
        var toHandOver: [Identifier<Event>] = []
        let names = try DurableFile.list(layout.spoolFolder)
        for name in names where name.hasSuffix(".json") {
            guard let id = Identifier<Event>(name.dropLast(".json".count)) else { continue }
            switch Sidecar.read(layout.sidecar(of: id)) {
            case .finished(let record):
                try layout.moveIntoMedia(record)
                report.resumed += 1
                toHandOver.append(id)
            case .recording(let draft):
                if try await recover(draft) {
                    report.recovered += 1
                    toHandOver.append(id)
                } else {
                    report.removed += 1
                }
            case nil:
                spool.discard(id)
                report.removed += 1
            }
        }
        // What has no sidecar never became an event.
        for name in try DurableFile.list(layout.spoolFolder) where name != SpoolLayout.segmentsName {
            let id = Identifier<Event>(name.hasSuffix(".json") ? name.dropLast(".json".count) : name[...])
            if let id, DurableFile.exists(layout.sidecar(of: id)) { continue }
            try DurableFile.remove(layout.spoolFolder + "/" + name)
            report.removed += 1
        }
        return (report, toHandOver)
    }

    private func recover(_ draft: EventDraft) async throws -> Bool {
        let folder = layout.folder(of: draft.id)
        let part = folder + "/" + SpoolLayout.partName
        // The crash may have come after the clip was complete and renamed, before the final sidecar.
        if !DurableFile.exists(part), DurableFile.exists(folder + "/" + SpoolLayout.clipName) {
            try DurableFile.rename(folder + "/" + SpoolLayout.clipName, to: part)
        }
        guard DurableFile.exists(part), let found = try await clips.recover(path: part) else {
            spool.discard(draft.id)
            return false
        }
        let clipEnds = draft.clipStartsAt.advanced(bySeconds: found.clip.durationSeconds)
        let outcome = EventOutcome(
            state: .interrupted, endedAt: max(draft.triggeredAt, clipEnds), score: 0, boxes: [], clip: found.clip,
            stream: (found.codec, found.widthPixels, found.heightPixels), thumbnail: nil, evidence: [])
        try spool.settle(draft, outcome)
        logger.notice(
            "an interrupted event was recovered",
            metadata: ["event": "\(draft.id)", "seconds": "\(found.clip.durationSeconds)"])
        return true
    }

    /// Compares the media folder with the rows, and finishes deletions. Needs the database; may run beside ingest, since
    /// it touches only folders whose event existed before `startedAt`.
    package func settleMedia(store: any EventStore, startedAt: WallTime) async throws -> Report {
        var report = Report()
        for record in try await store.deleting() {
            try await MediaRemoval(layout: layout, store: store).finish(record)
            report.removed += 1
        }
        for year in try folders(layout.mediaFolder) {
            for month in try folders(year) {
                for day in try folders(month) {
                    // Sidecars first, rows after: hand-over, which may be at work, commits the row before it takes the
                    // sidecar away, so what had no sidecar then and has no row now never gets one.
                    let ids = try DurableFile.list(day).compactMap { Identifier<Event>($0) }
                        .filter { $0 < Identifier<Event>.make(at: startedAt) }
                        .filter { !DurableFile.exists(layout.sidecar(of: $0)) }
                    let known = ids.isEmpty ? [] : try await store.existing(ids)
                    for id in ids where !known.contains(id) {
                        try DurableFile.remove(day + "/" + id.description)
                        report.removed += 1
                    }
                }
            }
        }
        return report
    }

    private func folders(_ path: String) throws -> [String] {
        try DurableFile.list(path).filter { $0.allSatisfy { $0.isNumber } }.map { path + "/" + $0 }
    }
}

/// The way out (I5): row to `deleting` → files gone, synced → row gone.
package struct MediaRemoval: Sendable {
    private let layout: SpoolLayout
    private let store: any EventStore

    package init(layout: SpoolLayout, store: any EventStore) {
        self.layout = layout
        self.store = store
    }

    package func delete(_ id: Identifier<Event>, of organization: Identifier<Organization>) async throws {
        try await finish(try await store.beginDeleting(id, of: organization))
    }

    func finish(_ record: EventRecord) async throws {
        let folder = layout.mediaFolder + "/" + layout.mediaPath(of: record.id, triggeredAt: record.triggeredAt)
        try DurableFile.remove(folder)
        if DurableFile.exists(layout.mediaFolder) { try? DurableFile.sync(folderOf: folder) }
        try await store.finishDeleting(record.id, of: record.organization)
    }
}
