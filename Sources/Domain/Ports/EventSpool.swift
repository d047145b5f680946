/// An event that has begun, as it is noted in the spool before its clip is written: enough to recover it after a crash.
package struct EventDraft: Sendable, Hashable, Codable {
    package var id: Identifier<Event>
    package var organization: Identifier<Organization>
    package var site: Identifier<Site>
    package var camera: Identifier<Camera>
    package var kind: Event.Kind
    package var triggeredAt: WallTime
    package var startedAt: WallTime
    package var clipStartsAt: WallTime
    package var continues: Identifier<Event>?
    /// Words of what asked for it.
    package var triggerLabel: String?

    package init(
        id: Identifier<Event>, organization: Identifier<Organization>, site: Identifier<Site>,
        camera: Identifier<Camera>, kind: Event.Kind, triggeredAt: WallTime, startedAt: WallTime,
        clipStartsAt: WallTime, continues: Identifier<Event>?, triggerLabel: String? = nil
    ) {
        self.id = id
        self.organization = organization
        self.site = site
        self.camera = camera
        self.kind = kind
        self.triggeredAt = triggeredAt
        self.startedAt = startedAt
        self.clipStartsAt = clipStartsAt
        self.continues = continues
        self.triggerLabel = triggerLabel
    }
}

/// What ingest knows of an event when its clip is finished; the spool adds the paths.
package struct EventOutcome: Sendable {
    package struct Evidence: Sendable {
        package var still: Still
        package var atSeconds: Double
        package var box: Box?

        package init(still: Still, atSeconds: Double, box: Box?) {
            self.still = still
            self.atSeconds = atSeconds
            self.box = box
        }
    }
    package var state: Event.State
    package var endedAt: WallTime
    package var score: Double
    package var boxes: [TimedBox]
    /// The include zones in which something moved; nil where the camera has none.
    package var zones: [String]?
    package var clip: FinishedClip
    package var stream: (codec: VideoCodec, widthPixels: Int, heightPixels: Int)
    package var thumbnail: Still?
    package var evidence: [Evidence]

    package init(
        state: Event.State, endedAt: WallTime, score: Double, boxes: [TimedBox], clip: FinishedClip,
        stream: (codec: VideoCodec, widthPixels: Int, heightPixels: Int), thumbnail: Still?, evidence: [Evidence],
        zones: [String]? = nil
    ) {
        self.state = state
        self.endedAt = endedAt
        self.score = score
        self.boxes = boxes
        self.clip = clip
        self.stream = stream
        self.thumbnail = thumbnail
        self.evidence = evidence
        self.zones = zones
    }
}

/// The folder where events are made, and the way from there into the store (I1, I2, I3, I8).
package protocol EventSpool: Sendable {
    /// Notes the draft and returns the path for the clip writer.
    func begin(_ draft: EventDraft) throws -> String
    /// Makes everything durable, moves it into the media folder and queues the hand-over.
    func finish(_ draft: EventDraft, _ outcome: EventOutcome) async throws
    /// Removes every trace of an event that came to nothing.
    func discard(_ id: Identifier<Event>)
}
