import Domain
import Logging

/// Finishes at start what a crash left of segments half done, so that files, sidecars and rows agree again (I2).
package struct SegmentRecovery: Sendable {
    private let spool: DiskSegmentSpool
    private let clips: any ClipWriterOpener
    private let logger: Logger

    package init(spool: DiskSegmentSpool, clips: any ClipWriterOpener, logger: Logger) {
        self.spool = spool
        self.clips = clips
        self.logger = logger
    }

    /// Settles the spool's segments; needs no database. Run it before ingest starts. Returns those to hand over.
    package func settleSpool() async throws -> (report: SpoolRecovery.Report, toHandOver: [Identifier<Segment>]) {
        let layout = spool.layout
        var report = SpoolRecovery.Report()
        var toHandOver: [Identifier<Segment>] = []
        for name in try DurableFile.list(layout.segmentsFolder) where name.hasSuffix(".json") {
            guard let id = Identifier<Segment>(name.dropLast(".json".count)) else { continue }
            switch SegmentSidecar.read(layout.sidecar(of: id)) {
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
        // What has no sidecar never became a segment.
        for name in try DurableFile.list(layout.segmentsFolder) {
            if let id = Identifier<Segment>(name.prefix { $0 != "." }),
                name.hasSuffix(".json") || name.hasSuffix(".part"),
                DurableFile.exists(layout.sidecar(of: id))
            {
                continue
            }
            try DurableFile.remove(layout.segmentsFolder + "/" + name)
            report.removed += 1
        }
        return (report, toHandOver)
    }

    private func recover(_ draft: SegmentDraft) async throws -> Bool {
        let part = spool.layout.part(of: draft.id)
        guard DurableFile.exists(part), let found = try await clips.recover(path: part) else {
            spool.discard(draft.id)
            return false
        }
        let seconds = found.clip.durationSeconds
        // Whether something moved is not known: it is kept whatever the camera's mode.
        try spool.settle(
            draft,
            SegmentOutcome(
                startsAt: draft.startsAt, endsAt: draft.startsAt.advanced(bySeconds: seconds),
                mediaEnd: draft.mediaStart.advanced(bySeconds: seconds), clip: found.clip, codec: found.codec,
                widthPixels: found.widthPixels, heightPixels: found.heightPixels, hasMotion: nil, isInterrupted: true))
        logger.notice(
            "an interrupted segment was recovered", metadata: ["segment": "\(draft.id)", "seconds": "\(seconds)"])
        return true
    }

    /// Removes segments that have neither a row nor a sidecar. Needs the database; may run beside ingest, since it touches
    /// only what existed before `startedAt`.
    package func settleMedia(store: any RecordingStore, startedAt: WallTime) async throws -> SpoolRecovery.Report {
        let layout = spool.layout
        var report = SpoolRecovery.Report()
        let newest = Identifier<Segment>.make(at: startedAt)
        for year in try folders(layout.mediaFolder) {
            for month in try folders(year) {
                for day in try folders(month) {
                    for camera in try DurableFile.list(day + "/" + SpoolLayout.recordingsName) {
                        let folder = "\(day)/\(SpoolLayout.recordingsName)/\(camera)"
                        // Sidecars first, rows after, as for events.
                        let ids = try DurableFile.list(folder).compactMap { name in
                            name.hasSuffix(".mp4") ? Identifier<Segment>(name.dropLast(".mp4".count)) : nil
                        }.filter { $0 < newest && !DurableFile.exists(layout.sidecar(of: $0)) }
                        let known = ids.isEmpty ? [] : try await store.existing(ids)
                        for id in ids where !known.contains(id) {
                            try DurableFile.remove("\(folder)/\(id).mp4")
                            report.removed += 1
                        }
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
