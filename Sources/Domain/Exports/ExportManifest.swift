/// What is in an export, with digests: as JSON the last file of a ZIP, and a field of the export over the API.
package struct ExportManifest: Sendable, Hashable, Codable {
    /// One file of the export.
    package struct File: Sendable, Hashable, Codable {
        package enum Kind: String, Sendable, Codable { case recording, clip, thumbnail, evidence }
        /// Path in the ZIP.
        package var name: String
        package var kind: Kind
        package var sizeBytes: Int64
        /// Of the bytes as they were written; lower-case hexadecimal.
        package var sha256: String
        package var cameraID: Identifier<Camera>
        package var eventID: Identifier<Event>?
        /// Instants of the first picture and the end, as RFC 3339; of a picture, its instant.
        package var startsAt: String
        package var endsAt: String
        /// Stretches of a recording in which nothing was recorded.
        package var gaps: [Gap]?
        /// Of a clip: whether its digest is the one that was taken when it was recorded.
        package var matchesOriginal: Bool?

        package init(
            name: String, kind: Kind, sizeBytes: Int64, sha256: String, cameraID: Identifier<Camera>,
            eventID: Identifier<Event>?, startsAt: String, endsAt: String, gaps: [Gap]? = nil,
            matchesOriginal: Bool? = nil
        ) {
            self.name = name
            self.kind = kind
            self.sizeBytes = sizeBytes
            self.sha256 = sha256
            self.cameraID = cameraID
            self.eventID = eventID
            self.startsAt = startsAt
            self.endsAt = endsAt
            self.gaps = gaps
            self.matchesOriginal = matchesOriginal
        }

        private enum CodingKeys: String, CodingKey {
            case name, kind, sha256, gaps
            case sizeBytes = "size_bytes"
            case cameraID = "camera_id"
            case eventID = "event_id"
            case startsAt = "starts_at"
            case endsAt = "ends_at"
            case matchesOriginal = "matches_original"
        }
    }

    package struct Gap: Sendable, Hashable, Codable {
        package var startsAt: String
        package var endsAt: String

        package init(startsAt: String, endsAt: String) {
            self.startsAt = startsAt
            self.endsAt = endsAt
        }

        private enum CodingKeys: String, CodingKey {
            case startsAt = "starts_at"
            case endsAt = "ends_at"
        }
    }

    /// An event whose files are in it.
    package struct Entry: Sendable, Hashable, Codable {
        package var id: Identifier<Event>
        package var cameraID: Identifier<Camera>
        package var cameraName: String
        package var kind: String
        package var triggeredAt: String
        package var startedAt: String
        package var endedAt: String
        /// Of the current verdict; nil where there is none.
        package var state: String?
        package var labels: [String]?
        package var summary: String?

        package init(_ event: EventDetail) {
            id = event.record.id
            cameraID = event.record.camera
            cameraName = event.cameraName
            kind = event.record.kind.rawValue
            triggeredAt = event.record.triggeredAt.rfc3339
            startedAt = event.record.startedAt.rfc3339
            endedAt = event.record.endedAt.rfc3339
            state = event.verdict?.judgement.state.rawValue
            labels = event.verdict?.judgement.labels
            summary = event.verdict?.judgement.summary
        }

        private enum CodingKeys: String, CodingKey {
            case id, kind, state, labels, summary
            case cameraID = "camera_id"
            case cameraName = "camera_name"
            case triggeredAt = "triggered_at"
            case startedAt = "started_at"
            case endedAt = "ended_at"
        }
    }

    /// What was asked for and is not in it.
    package struct Missing: Sendable, Hashable, Codable {
        package var what: String
        package var reason: String

        package init(what: String, reason: String) {
            self.what = what
            self.reason = reason
        }
    }

    package var exportID: Identifier<Export>
    package var organizationID: Identifier<Organization>
    /// When it was made, as RFC 3339.
    package var madeAt: String
    package var author: String
    package var files: [File] = []
    package var events: [Entry] = []
    package var missing: [Missing] = []

    package init(of export: Export, madeAt: WallTime) {
        exportID = export.id
        organizationID = export.organization
        self.madeAt = madeAt.rfc3339
        author = export.author
    }

    private enum CodingKeys: String, CodingKey {
        case author, files, events, missing
        case exportID = "export_id"
        case organizationID = "organization_id"
        case madeAt = "made_at"
    }
}
