/// Tells which of a camera's rules have become due, each time it is asked.
///
/// A rule that became due while nobody asked (the camera was away) still counts when it is asked within `graceSeconds`; an older
/// one is let go. A wall clock that is put back by less than an hour makes nothing due twice.
package struct ScheduleClock: Sendable {
    package static let graceSeconds = 60.0
    private static let longestStepBackSeconds = 3600.0

    private struct Entry: Sendable {
        var rule: ScheduleRule
        var next: WallTime?
    }
    private var entries: [Entry]
    private let offset: ZoneOffset
    private var asked: WallTime

    /// Nothing at or before `now` is due.
    package init(_ rules: [ScheduleRule], offset: @escaping ZoneOffset, now: WallTime) {
        self.offset = offset
        asked = now
        entries = rules.map { Entry(rule: $0, next: $0.next(after: now, offset: offset)) }
    }

    /// The rules that became due since it was last asked, each at most once.
    package mutating func due(at now: WallTime) -> [ScheduleRule] {
        if asked.seconds(since: now) > Self.longestStepBackSeconds {
            self = ScheduleClock(entries.map(\.rule), offset: offset, now: now)
            return []
        }
        asked = max(asked, now)
        var due: [ScheduleRule] = []
        for index in entries.indices {
            guard let next = entries[index].next, next <= now else { continue }
            // Of what repeats, the newest one that was missed.
            var newest = next
            var later = entries[index].rule.next(after: newest, offset: offset)
            if let repeated = later, repeated <= now {
                let recent = now.advanced(bySeconds: -Self.graceSeconds)
                later = entries[index].rule.next(after: max(newest, recent), offset: offset)
                while let candidate = later, candidate <= now {
                    newest = candidate
                    later = entries[index].rule.next(after: candidate, offset: offset)
                }
            }
            if now.seconds(since: newest) <= Self.graceSeconds { due.append(entries[index].rule) }
            entries[index].next = later
        }
        return due
    }
}
