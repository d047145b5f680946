/// How moving frames become events. All times are seconds.
package struct EventSettings: Sendable, Hashable {
    /// Recorded before the first moving frame.
    package var preRollSeconds: Double
    /// Recorded after the last moving frame.
    package var postRollSeconds: Double
    /// Motion that resumes within this time after it stopped belongs to the same event.
    package var mergeGapSeconds: Double
    /// After the last moving frame of an event no new one starts for this long.
    package var coolDownSeconds: Double
    /// A clip that has become this long is cut at the next moving frame and continued in a new event. Always more than
    /// the pre-roll.
    package var maximumLengthSeconds: Double
    /// An event opens when at least this many…
    package var debounceHits: Int
    /// …of this many frames in a row moved; of more frames, the same share.
    package var debounceFrames: Int
    /// The frames looked at span at least this time, so that a fast camera is not more nervous than a slow one.
    package var debounceSeconds: Double

    /// Negative or non-finite values become zero; hits and frames become at least 1.
    package init(
        preRollSeconds: Double = 5, postRollSeconds: Double = 5, mergeGapSeconds: Double = 1.0,
        coolDownSeconds: Double = 0, maximumLengthSeconds: Double = 60, debounceHits: Int = 3, debounceFrames: Int = 4,
        debounceSeconds: Double = 0.3
    ) {
        func sane(_ seconds: Double) -> Double { seconds.isFinite ? max(seconds, 0) : 0 }
        self.preRollSeconds = sane(preRollSeconds)
        self.postRollSeconds = sane(postRollSeconds)
        self.mergeGapSeconds = sane(mergeGapSeconds)
        self.coolDownSeconds = sane(coolDownSeconds)
        self.maximumLengthSeconds = max(sane(maximumLengthSeconds), self.preRollSeconds + 1)
        self.debounceFrames = max(debounceFrames, 1)
        self.debounceHits = min(max(debounceHits, 1), self.debounceFrames)
        self.debounceSeconds = sane(debounceSeconds)
    }

    /// What a camera's settings ask for.
    package init(_ camera: CameraSettings) {
        self.init(
            preRollSeconds: camera.preRollSeconds, postRollSeconds: camera.postRollSeconds,
            mergeGapSeconds: camera.mergeGapSeconds, coolDownSeconds: camera.coolDownSeconds,
            maximumLengthSeconds: camera.maximumLengthSeconds)
    }
}
