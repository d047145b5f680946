/// A file that somebody asked for: a span of a camera's time, or some events. Made in the background, kept for a while.
package struct Export: Sendable, Hashable {
    package enum State: String, Sendable, CaseIterable {
        case pending, running, ready, failed, cancelled
        /// It was ready; its file is gone.
        case expired
    }
    package enum Format: String, Sendable, Codable, CaseIterable { case mp4, zip }

    /// What is in it.
    package enum Content: Sendable, Hashable {
        /// What a camera recorded from one instant to another; as ZIP also the clips of its events in that time.
        case span(camera: Identifier<Camera>, from: WallTime, to: WallTime)
        case events([Identifier<Event>])
    }

    package var id: Identifier<Export>
    package var organization: Identifier<Organization>
    package var content: Content
    package var format: Format
    /// Gaps of a recording stay as a picture that stands still, so that the file's time is the clock's.
    package var keepsGaps: Bool
    /// Cameras that it shows: who may not see all of them does not see the export.
    package var cameras: [Identifier<Camera>]
    /// Who asked for it, by name.
    package var author: String
    package var state: State
    /// 0–1.
    package var progress: Double
    package var job: Identifier<Job>
    package var createdAt: WallTime
    package var finishedAt: WallTime?
    /// When the file of a ready one goes.
    package var expiresAt: WallTime?
    /// Why it failed.
    package var error: String?
    /// Nil until it is ready.
    package var result: Result?

    /// The finished file.
    package struct Result: Sendable, Hashable {
        /// Under the folder of exports.
        package var file: String
        package var sizeBytes: Int64
        /// Lower-case hexadecimal.
        package var sha256: String
        package var manifest: ExportManifest

        package init(file: String, sizeBytes: Int64, sha256: String, manifest: ExportManifest) {
            self.file = file
            self.sizeBytes = sizeBytes
            self.sha256 = sha256
            self.manifest = manifest
        }
    }

    package init(
        id: Identifier<Export>, organization: Identifier<Organization>, content: Content, format: Format,
        keepsGaps: Bool, cameras: [Identifier<Camera>], author: String, job: Identifier<Job>, createdAt: WallTime,
        state: State = .pending, progress: Double = 0, finishedAt: WallTime? = nil, expiresAt: WallTime? = nil,
        error: String? = nil, result: Result? = nil
    ) {
        self.id = id
        self.organization = organization
        self.content = content
        self.format = format
        self.keepsGaps = keepsGaps
        self.cameras = cameras
        self.author = author
        self.job = job
        self.createdAt = createdAt
        self.state = state
        self.progress = progress
        self.finishedAt = finishedAt
        self.expiresAt = expiresAt
        self.error = error
        self.result = result
    }
}

/// Bounds of what one export may hold.
package enum ExportRules {
    /// Longest span as ZIP; as MP4 `RecordingPlan.longestSeconds`.
    package static let longestSeconds = 86_400.0
    /// Recordings in a ZIP are files of at most this.
    package static let pieceSeconds = 3600.0
    /// Most events that may be named.
    package static let mostEvents = 200
    /// Most events of a span.
    package static let mostEventsOfSpan = 2000
    /// Most that wait or run, of one organization.
    package static let mostUnfinished = 20
    /// Failed and expired ones are listed for so long.
    package static let memorySeconds = 30 * 86_400.0
}
