/// Something that a trigger opened. A name space for its states and kinds.
package enum Event {
    /// What asked for it: something moved; a person; a program; the camera was covered, turned or blurred; the clock;
    /// something loud.
    package enum Kind: String, Sendable, Codable, CaseIterable { case motion, manual, api, tamper, schedule, audio }

    /// `ready`: whole. `interrupted`: its end was cut off (crash, lost stream) and the clip holds what there was.
    package enum State: String, Sendable, Codable, CaseIterable { case open, ready, interrupted, deleting }

    /// How far its judging has come.
    package enum Analysis: String, Sendable, Codable, CaseIterable { case pending, running, done, failed, skipped }
}

/// A moving region at a time of the clip.
package struct TimedBox: Sendable, Hashable, Codable {
    package var box: Box
    /// Seconds from the clip's first picture.
    package var atSeconds: Double
    /// The include zones it was in; nil where the camera had none.
    package var zones: [String]?

    package init(box: Box, atSeconds: Double, zones: [String]? = nil) {
        self.box = box
        self.atSeconds = atSeconds
        self.zones = zones
    }
}

/// One evidence JPEG.
package struct EvidenceRecord: Sendable, Hashable, Codable {
    /// Path under the media folder.
    package var path: String
    /// Seconds from the clip's first picture.
    package var atSeconds: Double
    package var widthPixels: Int
    package var heightPixels: Int
    package var sizeBytes: Int64
    /// The moving region at that instant, where there was one.
    package var box: Box?

    package init(
        path: String, atSeconds: Double, widthPixels: Int, heightPixels: Int, sizeBytes: Int64, box: Box?
    ) {
        self.path = path
        self.atSeconds = atSeconds
        self.widthPixels = widthPixels
        self.heightPixels = heightPixels
        self.sizeBytes = sizeBytes
        self.box = box
    }
}

/// An event's MP4.
package struct ClipRecord: Sendable, Hashable, Codable {
    /// Path under the media folder.
    package var path: String
    package var startsAt: WallTime
    package var durationSeconds: Double
    package var sizeBytes: Int64
    package var sha256: String
    package var codec: VideoCodec
    package var widthPixels: Int
    package var heightPixels: Int
    package var hasAudio: Bool
    package var videoUnits: Int

    package init(
        path: String, startsAt: WallTime, durationSeconds: Double, sizeBytes: Int64, sha256: String, codec: VideoCodec,
        widthPixels: Int, heightPixels: Int, hasAudio: Bool, videoUnits: Int
    ) {
        self.path = path
        self.startsAt = startsAt
        self.durationSeconds = durationSeconds
        self.sizeBytes = sizeBytes
        self.sha256 = sha256
        self.codec = codec
        self.widthPixels = widthPixels
        self.heightPixels = heightPixels
        self.hasAudio = hasAudio
        self.videoUnits = videoUnits
    }
}

/// A finished event as ingest hands it to the store: one transaction, keyed by `id` (I3). It is also the sidecar in the
/// spool, from which the hand-over can be repeated after a crash.
package struct EventRecord: Sendable, Hashable, Codable {
    package var id: Identifier<Event>
    package var organization: Identifier<Organization>
    package var site: Identifier<Site>
    package var camera: Identifier<Camera>
    package var kind: Event.Kind
    /// Words of what asked for it; nil where it said none, as motion does.
    package var triggerLabel: String?
    /// `ready` or `interrupted`.
    package var state: Event.State
    package var triggeredAt: WallTime
    package var startedAt: WallTime
    package var endedAt: WallTime
    /// Largest share of the picture that moved, 0–1.
    package var score: Double
    package var boxes: [TimedBox]
    /// The include zones in which something moved; nil where the camera had none.
    package var zones: [String]?
    package var clip: ClipRecord
    /// Path under the media folder; nil when no picture could be made.
    package var thumbnailPath: String?
    package var evidence: [EvidenceRecord]
    /// The event whose clip ends where this one's begins (maximum length reached).
    package var continues: Identifier<Event>?

    package init(
        id: Identifier<Event>, organization: Identifier<Organization>, site: Identifier<Site>,
        camera: Identifier<Camera>, kind: Event.Kind, state: Event.State, triggeredAt: WallTime, startedAt: WallTime,
        endedAt: WallTime, score: Double, boxes: [TimedBox], clip: ClipRecord, thumbnailPath: String?,
        evidence: [EvidenceRecord], continues: Identifier<Event>?, zones: [String]? = nil,
        triggerLabel: String? = nil
    ) {
        self.id = id
        self.organization = organization
        self.site = site
        self.camera = camera
        self.kind = kind
        self.state = state
        self.triggeredAt = triggeredAt
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.score = score
        self.boxes = boxes
        self.clip = clip
        self.thumbnailPath = thumbnailPath
        self.evidence = evidence
        self.continues = continues
        self.zones = zones
        self.triggerLabel = triggerLabel
    }
}
