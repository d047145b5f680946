/// How long a camera's pictures are encoded for live viewers: from the first who asks until nobody has watched for a moment.
/// A value: no I/O, no clock.
package struct TranscodeLife: Sendable, Hashable {
    /// Why it is to end.
    package enum Ending: Sendable, Hashable {
        /// Nobody watches any more.
        case unwatched
        /// It gave no picture for too long.
        case silent
    }
    /// Who reloads a page finds it running.
    package static let graceSeconds = 5.0
    /// A decoder or encoder that gives nothing by then never will.
    package static let longestStartSeconds = 30.0
    /// More between two looks does not count for that: this process, or the camera, stood still.
    package static let longestStepSeconds = 1.0
    /// How often it is begun before the first picture, each time with other elements where there are any.
    package static let mostAttempts = 3

    /// Spent without a picture.
    private var waited = Duration.zero
    private var lookedAt: ContinuousClock.Instant
    private var unwatchedSince: ContinuousClock.Instant?
    private var attempts = 1
    private var hasPictures = false

    package init(at now: ContinuousClock.Instant) { lookedAt = now }

    /// The first picture came out.
    package mutating func pictureCame() { hasPictures = true }

    /// Call with each picture of the camera. So many watch, or wait for the first picture. Nil: it goes on.
    package mutating func look(at now: ContinuousClock.Instant, watchers: Int) -> Ending? {
        unwatchedSince = watchers > 0 ? nil : unwatchedSince ?? now
        if let unwatchedSince, unwatchedSince.duration(to: now) >= .seconds(Self.graceSeconds) { return .unwatched }
        waited += min(lookedAt.duration(to: now), .seconds(Self.longestStepSeconds))
        lookedAt = now
        return !hasPictures && waited >= .seconds(Self.longestStartSeconds) ? .silent : nil
    }

    /// It failed; true where it is worth beginning again at once. One that fails later ends with its viewers, who ask again.
    package mutating func failed(at now: ContinuousClock.Instant) -> Bool {
        guard !hasPictures, attempts < Self.mostAttempts else { return false }
        attempts += 1
        waited = .zero
        lookedAt = now
        return true
    }
}
