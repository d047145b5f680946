/// Where on the activity ladder a camera stands.
package enum LadderRung: String, Sendable, Hashable {
    /// The connection is young: everything is decoded to learn what is usual.
    case learning
    /// Sizes, and a keyframe now and then.
    case asleep
    /// Asleep, and everything is decoded for a few seconds to see whether sleeping misses anything.
    case audit
    /// Something stirred: everything is decoded from before it on.
    case alert
    /// Something moves.
    case awake
    /// Everything is decoded, always.
    case full
}

/// What the ladder asks its shell to do.
package enum LadderAction: Sendable, Hashable {
    /// Decode this keyframe alone and tell what it shows (`looked`).
    case look(at: MediaTime)
    /// Decode everything from the newest keyframe at or before this time on; earlier pictures that were measured already
    /// are not measured again.
    case decode(from: MediaTime)
    /// Decode no more.
    case rest
}

/// What woke a camera.
package enum Stir: Sendable, Hashable {
    case sizes, picture
    /// Something other than motion wants pictures.
    case request
}
