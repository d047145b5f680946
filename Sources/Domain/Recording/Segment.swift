/// A stored stretch of continuous video: one MP4 file that begins with a keyframe. A name space for ids.
package enum Segment {
    /// Longest that one may be; where no keyframe comes, recording pauses until the next.
    package static let longestSeconds = 600.0
}

/// One uninterrupted stretch of one connection. Times of its segments on the connection's timeline can be compared.
package enum RecordingRun {}

/// A segment that has begun, as it is noted in the spool: enough to recover it after a crash.
package struct SegmentDraft: Sendable, Hashable, Codable {
    package var id: Identifier<Segment>
    package var organization: Identifier<Organization>
    package var site: Identifier<Site>
    package var camera: Identifier<Camera>
    package var run: Identifier<RecordingRun>
    package var startsAt: WallTime
    /// Presentation time of the first picture on the run's timeline.
    package var mediaStart: MediaTime

    package init(
        id: Identifier<Segment>, organization: Identifier<Organization>, site: Identifier<Site>,
        camera: Identifier<Camera>, run: Identifier<RecordingRun>, startsAt: WallTime, mediaStart: MediaTime
    ) {
        self.id = id
        self.organization = organization
        self.site = site
        self.camera = camera
        self.run = run
        self.startsAt = startsAt
        self.mediaStart = mediaStart
    }
}

/// What is known of a segment when its file is finished; the spool adds the path.
package struct SegmentOutcome: Sendable {
    package var startsAt: WallTime
    package var endsAt: WallTime
    /// Where the next picture begins, on the run's timeline.
    package var mediaEnd: MediaTime
    package var clip: FinishedClip
    package var codec: VideoCodec
    package var widthPixels: Int
    package var heightPixels: Int
    /// Nil where it was not known when the recording was cut off.
    package var hasMotion: Bool?
    /// The end was cut off by a crash.
    package var isInterrupted: Bool

    package init(
        startsAt: WallTime, endsAt: WallTime, mediaEnd: MediaTime, clip: FinishedClip, codec: VideoCodec,
        widthPixels: Int, heightPixels: Int, hasMotion: Bool?, isInterrupted: Bool
    ) {
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.mediaEnd = mediaEnd
        self.clip = clip
        self.codec = codec
        self.widthPixels = widthPixels
        self.heightPixels = heightPixels
        self.hasMotion = hasMotion
        self.isInterrupted = isInterrupted
    }
}

/// A finished segment as ingest hands it to the store, keyed by `id`; also its sidecar in the spool (I3, I8).
package struct SegmentRecord: Sendable, Hashable, Codable {
    package var id: Identifier<Segment>
    package var organization: Identifier<Organization>
    package var site: Identifier<Site>
    package var camera: Identifier<Camera>
    package var run: Identifier<RecordingRun>
    package var startsAt: WallTime
    /// That of a segment which another of the same run follows is the other's start.
    package var endsAt: WallTime
    /// On the run's timeline, as `endsAt`.
    package var mediaStart: MediaTime
    package var mediaEnd: MediaTime
    /// Under the media folder.
    package var path: String
    package var sizeBytes: Int64
    package var sha256: String
    package var codec: VideoCodec
    package var widthPixels: Int
    package var heightPixels: Int
    /// Files with the same one can be joined: a digest of codec, size and parameter sets.
    package var videoFormat: String
    /// As `videoFormat`, of the sound; nil where there is none.
    package var audioFormat: String?
    package var videoUnits: Int
    /// Whether the clip of an event touches it; nil where that is not known.
    package var hasMotion: Bool?
    package var isInterrupted: Bool

    package init(draft: SegmentDraft, outcome: SegmentOutcome, path: String) {
        id = draft.id
        organization = draft.organization
        site = draft.site
        camera = draft.camera
        run = draft.run
        startsAt = outcome.startsAt
        endsAt = min(
            max(outcome.startsAt, outcome.endsAt), outcome.startsAt.advanced(bySeconds: Segment.longestSeconds * 2))
        mediaStart = draft.mediaStart
        mediaEnd = max(draft.mediaStart, outcome.mediaEnd)
        self.path = path
        sizeBytes = outcome.clip.sizeBytes
        sha256 = outcome.clip.sha256
        codec = outcome.codec
        widthPixels = outcome.widthPixels
        heightPixels = outcome.heightPixels
        videoFormat = outcome.clip.videoFormat ?? ""
        audioFormat = outcome.clip.hasAudio ? outcome.clip.audioFormat : nil
        videoUnits = outcome.clip.videoUnits
        hasMotion = outcome.hasMotion
        isInterrupted = outcome.isInterrupted
    }

    package init(
        id: Identifier<Segment>, organization: Identifier<Organization>, site: Identifier<Site>,
        camera: Identifier<Camera>, run: Identifier<RecordingRun>, startsAt: WallTime, endsAt: WallTime,
        mediaStart: MediaTime, mediaEnd: MediaTime, path: String, sizeBytes: Int64, sha256: String, codec: VideoCodec,
        widthPixels: Int, heightPixels: Int, videoFormat: String, audioFormat: String?, videoUnits: Int,
        hasMotion: Bool?, isInterrupted: Bool
    ) {
        self.id = id
        self.organization = organization
        self.site = site
        self.camera = camera
        self.run = run
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.mediaStart = mediaStart
        self.mediaEnd = mediaEnd
        self.path = path
        self.sizeBytes = sizeBytes
        self.sha256 = sha256
        self.codec = codec
        self.widthPixels = widthPixels
        self.heightPixels = heightPixels
        self.videoFormat = videoFormat
        self.audioFormat = audioFormat
        self.videoUnits = videoUnits
        self.hasMotion = hasMotion
        self.isInterrupted = isInterrupted
    }

    /// True where the pictures of `next` follow this one's without a gap.
    package func isFollowed(by next: SegmentRecord) -> Bool { run == next.run && mediaEnd == next.mediaStart }
}
