import Domain
import FoundationEssentials

/// Makes the export that a job names. A run that is cut short, by a kill too, leaves nothing that anybody sees; the next one
/// begins anew.
package struct ExportMaker: Sendable {
    let exports: any ExportStore
    let recordings: any RecordingStore
    let reader: any RecordingReader
    let events: any EventStore
    let cameras: any CameraStore
    private let folder: any ExportFolder
    private let keepSeconds: Double
    private let clock: any WallClock

    /// A file stays for `keepSeconds` from when it is ready.
    package init(
        exports: any ExportStore, recordings: any RecordingStore, reader: any RecordingReader,
        events: any EventStore, cameras: any CameraStore, folder: any ExportFolder, keepSeconds: Double,
        clock: any WallClock
    ) {
        self.exports = exports
        self.recordings = recordings
        self.reader = reader
        self.events = events
        self.cameras = cameras
        self.folder = folder
        self.keepSeconds = keepSeconds
        self.clock = clock
    }

    private struct Payload: Decodable {
        var export_id: Identifier<Export>
    }
    /// Nobody waits for it any more.
    private struct Stopped: Error {}
    /// It can never be made.
    struct Impossible: Error { var reason: String }

    /// Runs one job to its outcome.
    package func handle(_ job: Job) async -> JobOutcome {
        guard let payload = try? JSONDecoder().decode(Payload.self, from: Data(job.payload.utf8)) else {
            return .discard(error: "the job's payload names no export")
        }
        do {
            guard let export = try await exports.begin(payload.export_id, of: job.organization) else {
                // Finished by a run whose end could not be written, or deleted.
                return .succeeded(nil)
            }
            try await make(export)
            return .succeeded(nil)
        } catch is Stopped {
            return .succeeded(nil)
        } catch let error as Impossible {
            return .discard(error: error.reason)
        } catch {
            return .retry(error: "\(error)", afterSeconds: nil)
        }
    }

    private func make(_ export: Export) async throws {
        let plan = try await plan(export)
        if let refusal = await folder.refusal(ofBytes: plan.bytes) { throw Impossible(reason: refusal) }
        let file = try await folder.begin(export.id, export.format)
        let progress = Progress(of: plan.bytes) { [exports] fraction in
            guard try await exports.progress(export.id, of: export.organization, fraction: fraction) else {
                throw Stopped()
            }
        }
        var manifest = ExportManifest(of: export, madeAt: clock.now)
        manifest.missing = plan.missing
        for item in plan.items {
            switch item {
            case .span(let camera, let from, let to):
                try await addSpan(export, camera, from, to, to: file, progress, &manifest)
            case .event(let event):
                try await addEvent(export, event, to: file, progress, &manifest)
            }
        }
        guard !manifest.files.isEmpty else {
            throw Impossible(reason: manifest.missing.first?.reason ?? "nothing of what was asked for is there")
        }
        if export.format == .zip {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            _ = try await file.add(
                .bytes([UInt8](try encoder.encode(manifest))), name: "manifest.json", modified: clock.now,
                wrote: { _ in })
        }
        let (name, size, digest) = try await file.finish()
        let result = Export.Result(file: name, sizeBytes: size, sha256: digest, manifest: manifest)
        let isTaken = try await exports.finish(
            export.id, of: export.organization, result, keepSeconds: keepSeconds)
        if !isTaken { await folder.remove(name) }
        withExtendedLifetime(file) {}
    }

    // MARK: Parts

    /// A recording of at most an hour; more files where the camera changes its format.
    private func addSpan(
        _ export: Export, _ camera: Camera, _ from: WallTime, _ to: WallTime, to file: any ExportFile,
        _ progress: Progress, _ manifest: inout ExportManifest
    ) async throws {
        let segments = try await recordings.segments(
            RecordingQuery(camera: camera.id, from: from, to: to, limit: Self.mostSegments), of: export.organization)
        var begin = from
        while begin < to {
            var end = to
            var recording: (any RecordingFile)?
            do {
                recording = try await reader.open(segments, from: begin, to: end, keepsGaps: export.keepsGaps)
            } catch RecordingPlan.Refusal.formatChanges(let at) where export.format == .zip && at > begin {
                end = min(at, to)
                recording = try? await reader.open(segments, from: begin, to: end, keepsGaps: export.keepsGaps)
            } catch RecordingPlan.Refusal.formatChanges(let at) {
                throw Impossible(reason: "the camera changed its format at \(at.rfc3339): ask for a ZIP")
            } catch RecordingPlan.Refusal.empty {
                recording = nil
            }
            if let recording {
                let plan = recording.plan
                let name = Self.name(camera.name) + "/" + Self.name(plan.from) + ".mp4"
                let (size, digest) = try await file.add(
                    .recording(recording), name: name, modified: plan.from, wrote: progress.wrote)
                manifest.files.append(
                    .init(
                        name: export.format == .zip
                            ? name : Self.name(camera.name) + "-" + Self.name(plan.from) + ".mp4",
                        kind: .recording, sizeBytes: size, sha256: digest, cameraID: camera.id, eventID: nil,
                        startsAt: plan.from.rfc3339, endsAt: plan.to.rfc3339,
                        gaps: plan.gaps.map { .init(startsAt: $0.starts.rfc3339, endsAt: $0.ends.rfc3339) }))
            } else {
                manifest.missing.append(
                    .init(
                        what: "camera \(camera.name) from \(begin.rfc3339) to \(end.rfc3339)",
                        reason: "nothing is recorded in this span"))
            }
            begin = end
        }
    }

    private func addEvent(
        _ export: Export, _ event: EventDetail, to file: any ExportFile, _ progress: Progress,
        _ manifest: inout ExportManifest
    ) async throws {
        let record = event.record
        let place =
            "events/" + Self.name(record.triggeredAt) + "-" + Self.name(event.cameraName) + "-"
            + record.id.description.suffix(6)
        func add(_ path: String, _ name: String, _ kind: ExportManifest.File.Kind, from: WallTime, to: WallTime)
            async throws
        {
            let written: (sizeBytes: Int64, sha256: String)
            do {
                written = try await file.add(
                    .media(path: path), name: place + "/" + name, modified: from, wrote: progress.wrote)
            } catch is FileIsGone {
                manifest.missing.append(
                    .init(what: "\(name) of event \(record.id)", reason: "the file is not there any more"))
                return
            }
            manifest.files.append(
                .init(
                    name: export.format == .zip ? place + "/" + name : place.dropFirst(7) + ".mp4", kind: kind,
                    sizeBytes: written.sizeBytes, sha256: written.sha256, cameraID: record.camera, eventID: record.id,
                    startsAt: from.rfc3339, endsAt: to.rfc3339,
                    matchesOriginal: kind == .clip ? written.sha256 == record.clip.sha256 : nil))
        }
        let end = record.clip.startsAt.advanced(bySeconds: record.clip.durationSeconds)
        try await add(record.clip.path, "clip.mp4", .clip, from: record.clip.startsAt, to: end)
        guard export.format == .zip else { return }
        manifest.events.append(.init(event))
        if let thumbnail = record.thumbnailPath {
            try await add(thumbnail, "thumbnail.jpg", .thumbnail, from: record.triggeredAt, to: record.triggeredAt)
        }
        for (index, evidence) in record.evidence.enumerated() {
            let time = record.clip.startsAt.advanced(bySeconds: evidence.atSeconds)
            try await add(evidence.path, "evidence-\(index + 1).jpg", .evidence, from: time, to: time)
        }
    }

    /// "2026-05-01T10-00-05Z": sorts by time, and every file system takes it.
    private static func name(_ time: WallTime) -> String { time.rfc3339.prefix(19).replacing(":", with: "-") + "Z" }

    private static func name(_ camera: String) -> String {
        let kept = camera.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
        return kept.isEmpty || kept.allSatisfy { $0 == "." } ? "camera" : kept
    }
}

/// Tells of every hundredth that is written.
private actor Progress {
    private let total: Int64
    private let tell: @Sendable (Double) async throws -> Void
    private var written: Int64 = 0
    private var told = 0.0

    init(of total: Int64, _ tell: @escaping @Sendable (Double) async throws -> Void) {
        self.total = max(1, total)
        self.tell = tell
    }

    func wrote(_ bytes: Int) async throws {
        written += Int64(bytes)
        // What is estimated may be too little; the end is told by the export's state.
        let fraction = min(0.99, Double(written) / Double(total))
        guard fraction - told >= 0.01 else { return }
        told = fraction
        try await tell(fraction)
    }
}
