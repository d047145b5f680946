/// How a camera climbs and descends the activity ladder. Times are seconds of the stream.
package struct LadderSettings: Sendable, Hashable {
    package var mode: AnalysisMode
    /// After a connection everything is decoded for at least this long.
    package var learnSeconds = 12.0
    /// When more than this waits for the first decoder, the camera learns from its keyframes instead. Who is later than this
    /// begins no audit.
    package var patienceSeconds = 4.0
    /// Asleep, a keyframe is looked at when at least this long has passed since the last one that was.
    package var lookSeconds = 3.8
    /// Who is late looks more rarely, so as not to become later: at least this part of the seconds it is late lies between
    /// two looks. Where processors are too slow for their cameras, these settle where they can keep up.
    package var lateLooks = 0.25
    /// Without movement for this long everything goes to sleep; sooner where a stir was never confirmed.
    package var calmSeconds = 6.0
    package var doubtSeconds = 2.5
    /// How far before a stir of the sizes decoding begins, at least: movement begins before it is large.
    package var lookBackSeconds = 3.0
    /// With keyframes further apart than this sleeping wants sizes that tell something, known from this many quiet GOPs.
    package var longestBlindSeconds = 3.0
    package var weighedGOPs = 4
    /// With keyframes further apart sleeping makes no sense.
    package var longestGOPSeconds = 12.0
    /// An audit's length, and the share of the time that audits may take once a camera is known to be well seen.
    package var auditSeconds = 6.0
    package var auditShare = 0.005
    /// The first audit comes after about this long; the distance then grows to what the share allows.
    package var firstAuditSeconds = 90.0
    /// Misses after which the camera moves to a more careful rung for good.
    package var mostMisses = 2
    /// Keyframes in a row that gave no picture by themselves, after which everything is decoded for good.
    package var mostFailedLooks = 3
    package var sizes = SizeSensor.Settings()

    package init(mode: AnalysisMode) { self.mode = mode }
}
