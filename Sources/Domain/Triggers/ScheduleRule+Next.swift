/// Seconds that a place's clock is ahead of UTC at an instant.
package typealias ZoneOffset = @Sendable (WallTime) -> Int

extension ScheduleRule {
    private static let daySeconds: Int64 = 86_400

    /// The first instant after `time` at which it is due, by a clock `offset` ahead of UTC.
    ///
    /// Where the clock is put forward, a time of day that does not exist that day is due as much later as the clock jumps:
    /// 02:30 comes at 03:30. Where it is put back, a time that comes twice is due the first time. What repeats is counted in real
    /// seconds from midnight on, so that day has more or fewer of them.
    package func next(after time: WallTime, offset: ZoneOffset) -> WallTime? {
        let after = Self.floorDivide(time.nanosecondsSinceEpoch, 1_000_000_000)
        let today = Self.floorDivide(after + Int64(offset(time)), Self.daySeconds)
        // A day before, since that day's moment may have been moved past midnight; a week on, since it may be on one day only.
        for day in (today - 1)...(today + 8) where isOn(day) {
            if let found = moment(onDay: day, after: after, offset: offset) {
                return WallTime(nanosecondsSinceEpoch: found * 1_000_000_000)
            }
        }
        return nil
    }

    /// 1970-01-01, day 0, was a Thursday.
    private func isOn(_ day: Int64) -> Bool {
        guard !days.isEmpty else { return true }
        return days.contains(Weekday.allCases[Int(((day + 3) % 7 + 7) % 7)])
    }

    private func moment(onDay day: Int64, after: Int64, offset: ZoneOffset) -> Int64? {
        let midnight = day * Self.daySeconds
        switch moment {
        case .at(let minute):
            let due = Self.instant(ofLocal: midnight + Int64(minute) * 60, offset: offset)
            return due > after ? due : nil
        case .every(let seconds):
            guard seconds > 0 else { return nil }
            let begins = Self.instant(ofLocal: midnight, offset: offset)
            let ends = Self.instant(ofLocal: midnight + Self.daySeconds, offset: offset)
            let due = after < begins ? begins : begins + ((after - begins) / Int64(seconds) + 1) * Int64(seconds)
            return due < ends ? due : nil
        }
    }

    /// Seconds since the epoch at which a clock shows `local`, seconds since its own 1970-01-01.
    private static func instant(ofLocal local: Int64, offset: ZoneOffset) -> Int64 {
        func ahead(_ seconds: Int64) -> Int64 {
            Int64(offset(WallTime(nanosecondsSinceEpoch: seconds * 1_000_000_000)))
        }
        let before = ahead(local - daySeconds), afterwards = ahead(local + daySeconds)
        // The earlier of two; where there is none, as much after the jump as it would have been before it.
        if ahead(local - before) == before { return local - before }
        return ahead(local - afterwards) == afterwards ? local - afterwards : local - before
    }

    private static func floorDivide(_ number: Int64, _ divisor: Int64) -> Int64 {
        number / divisor - (number % divisor < 0 ? 1 : 0)
    }
}
