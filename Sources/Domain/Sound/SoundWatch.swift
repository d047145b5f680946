/// Tells when a camera's sound is loud for long enough.
///
/// A leaky count: loud pieces add their length, others take it away, so that clicks and noise that only touches the level come to
/// nothing. What was told is told once; it goes on for as long as it is not quiet, and the next needs `rearmSeconds` of quiet before
/// it. Where no sound comes (discontinuous transmission, a loss) it is quiet. Times are the stream's; pieces come in order.
package struct SoundWatch: Sendable {
    /// What an event lasts beyond its last loud piece.
    package static let tailSeconds = 2.0
    /// What is loud for longer is how it is now: the event ends.
    package static let longestSeconds = 60.0

    package enum Finding: Sendable, Hashable {
        /// Loud since `since`, which became certain at `at`; `dbfs` is the loudest piece.
        case begins(since: MediaTime, at: MediaTime, dbfs: Double)
        /// What was told is not over; the event lasts until `until`, at least.
        case goesOn(until: MediaTime)
    }

    private struct Loud: Sendable {
        var since: MediaTime
        var seconds: Double
        var dbfs: Double
    }
    private enum Phase: Sendable {
        case armed(Loud?)
        /// Told at `at`, nil on a connection before; quiet since `quietSince`.
        case told(at: MediaTime?, quietSince: MediaTime?)
    }

    package let settings: AudioTrigger
    private var phase = Phase.armed(nil)
    private var heardUntil: MediaTime?

    /// `memory` is the watch of the connection before: noise that goes on is not told again.
    package init(settings: AudioTrigger, memory: SoundWatch? = nil) {
        self.settings = settings
        if case .told? = memory?.phase { phase = .told(at: nil, quietSince: nil) }
    }

    /// True when the next loud sound will be told.
    package var isArmed: Bool { if case .armed = phase { true } else { false } }

    package mutating func observe(_ level: SoundLevel) -> Finding? {
        let silent = heardUntil.map { max(0, level.start.seconds(since: $0)) } ?? 0
        // Pieces of sound that overlap or go back by a little add nothing twice.
        let before = heardUntil ?? level.start
        heardUntil = max(before, level.end)
        switch phase {
        case .armed(let loud):
            return whileArmed(level, loud, silentSeconds: silent)
        case .told(let at, let quietSince):
            return afterTold(level, at: at, quietSince: quietSince ?? (silent > Self.shortestGap ? before : nil))
        }
    }

    /// Shorter pauses between pieces are how times are rounded.
    private static let shortestGap = 0.02

    private mutating func whileArmed(_ level: SoundLevel, _ before: Loud?, silentSeconds: Double) -> Finding? {
        var loud = before
        if silentSeconds > Self.shortestGap { loud?.seconds -= silentSeconds }
        if loud.map({ $0.seconds <= 0 }) ?? false { loud = nil }
        guard level.dbfs >= settings.levelDBFS else {
            loud?.seconds -= level.seconds
            phase = .armed(loud.flatMap { $0.seconds > 0 ? $0 : nil })
            return nil
        }
        var now = loud ?? Loud(since: level.start, seconds: 0, dbfs: level.dbfs)
        now.seconds += level.seconds
        now.dbfs = max(now.dbfs, level.dbfs)
        // Sums of tenths are not exact.
        guard now.seconds >= settings.seconds - 0.001 else {
            phase = .armed(now)
            return nil
        }
        phase = .told(at: level.end, quietSince: nil)
        // With many quieter moments in between it began long ago; the clip cannot.
        let earliest = level.end.advanced(bySeconds: -2 * settings.seconds)
        return .begins(since: max(now.since, earliest), at: level.end, dbfs: now.dbfs)
    }

    private mutating func afterTold(_ level: SoundLevel, at: MediaTime?, quietSince: MediaTime?) -> Finding? {
        let isQuiet = level.dbfs < settings.levelDBFS - settings.hysteresisDB
        let since = quietSince ?? (isQuiet ? level.start : nil)
        // Quiet until this piece, which may be loud, or through it.
        let quietUntil = isQuiet ? level.end : level.start
        if let since, quietUntil.seconds(since: since) >= settings.rearmSeconds - 0.001 {
            phase = .armed(nil)
            return isQuiet ? nil : whileArmed(level, nil, silentSeconds: 0)
        }
        phase = .told(at: at, quietSince: isQuiet ? since : nil)
        guard !isQuiet, let at, level.end.seconds(since: at) <= Self.longestSeconds else { return nil }
        return .goesOn(until: level.end.advanced(bySeconds: Self.tailSeconds))
    }
}
