/// A media file and when its first picture was.
package struct SampledFile: Sendable, Hashable {
    /// Under the media folder.
    package var path: String
    package var startsAt: WallTime

    package init(path: String, startsAt: WallTime) {
        self.path = path
        self.startsAt = startsAt
    }
}

/// A picture of a moment.
package struct SampledStill: Sendable {
    package var at: WallTime
    package var still: Still

    package init(at: WallTime, still: Still) {
        self.at = at
        self.still = still
    }
}

/// Takes pictures out of stored video. Decodes no more than the groups of pictures that hold one, few at a time.
package protocol FrameSampler: Sendable {
    /// For each time the picture that was shown then, by the last file that had begun; times for which there is none are left
    /// out. Throws `ClipError` where a file is not there or makes no sense, `SourceError` where it cannot be decoded.
    func stills(of files: [SampledFile], at times: [WallTime]) async throws -> [SampledStill]
}
