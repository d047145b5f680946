import Domain
import Foundation
import Testing

struct ScheduleTests {
    private static let helsinki = "Europe/Helsinki"

    private static func offset(_ name: String) throws -> ZoneOffset {
        let zone = try #require(TimeZone(identifier: name))
        return { zone.secondsFromGMT(for: Date(timeIntervalSince1970: $0.secondsSinceEpoch)) }
    }

    private static func time(_ text: String) throws -> WallTime { try #require(WallTime(rfc3339: text)) }

    /// The next `count` times after `start`, in UTC without seconds.
    private func times(_ rule: ScheduleRule, _ zone: String, after start: String, _ count: Int) throws -> [String] {
        var now = try Self.time(start)
        return try (0..<count).map { _ in
            now = try #require(rule.next(after: now, offset: try Self.offset(zone)))
            return String(now.rfc3339.dropLast(8))
        }
    }

    private func at(_ text: String, _ days: Set<ScheduleRule.Weekday> = []) throws -> ScheduleRule {
        ScheduleRule(name: "x", moment: .at(minute: try #require(ScheduleRules.minute(ofDay: text))), days: days)
    }

    @Test func `a time of day comes once a day, on its days, by the site's clock`() throws {
        #expect(
            try times(at("06:30"), "UTC", after: "2026-05-01T06:30:00Z", 2) == ["2026-05-02T06:30", "2026-05-03T06:30"])
        #expect(try times(at("06:30"), "UTC", after: "2026-05-01T06:29:59.5Z", 1) == ["2026-05-01T06:30"])
        // The first of May 2026 is a Friday; Helsinki is three hours ahead then.
        #expect(
            try times(at("06:30", [.mon, .tue]), Self.helsinki, after: "2026-05-01T00:00:00Z", 3)
                == ["2026-05-04T03:30", "2026-05-05T03:30", "2026-05-11T03:30"])
        #expect(
            try times(at("00:15", [.sat]), "Pacific/Auckland", after: "2026-05-01T00:00:00Z", 2)
                == ["2026-05-01T12:15", "2026-05-08T12:15"])
        #expect(try times(at("23:45"), "America/New_York", after: "2026-05-01T04:00:00Z", 1) == ["2026-05-02T03:45"])
        #expect(
            try times(at("12:00", [.thu]), "UTC", after: "1970-01-20T00:00:00Z", 2) == [
                "1970-01-22T12:00", "1970-01-29T12:00",
            ])
    }

    @Test func `where the clock is put forward, what does not exist comes as much later`() throws {
        // 29 March 2026, 03:00 becomes 04:00 in Helsinki (01:00 UTC).
        #expect(
            try times(at("03:30"), Self.helsinki, after: "2026-03-28T00:00:00Z", 3)
                == ["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"])
        #expect(
            try times(at("04:30"), Self.helsinki, after: "2026-03-28T12:00:00Z", 2)
                == ["2026-03-29T01:30", "2026-03-30T01:30"])
        #expect(
            try times(at("02:30"), "America/New_York", after: "2026-03-07T12:00:00Z", 2)
                == ["2026-03-08T07:30", "2026-03-09T06:30"])
        // Midnight itself does not exist: 2024-04-26 in Cairo.
        #expect(
            try times(at("00:10"), "Africa/Cairo", after: "2024-04-25T12:00:00Z", 2)
                == ["2024-04-25T22:10", "2024-04-26T21:10"])
    }

    @Test func `where the clock is put back, what comes twice counts once`() throws {
        // 25 October 2026, 04:00 becomes 03:00 in Helsinki (01:00 UTC).
        #expect(
            try times(at("03:30"), Self.helsinki, after: "2026-10-24T12:00:00Z", 2)
                == ["2026-10-25T00:30", "2026-10-26T01:30"])
        #expect(
            try times(at("01:30"), "America/New_York", after: "2026-11-01T00:00:00Z", 2)
                == ["2026-11-01T05:30", "2026-11-02T06:30"])
    }

    @Test func `what repeats is counted from midnight on, and a day of 23 or 25 hours has one less or more`() throws {
        let hourly = ScheduleRule(name: "x", moment: .every(seconds: 3600))
        for (day, hours) in [("2026-03-29", 23), ("2026-10-25", 25), ("2026-05-01", 24)] {
            let begin = try Self.time("\(day)T00:00:00Z").advanced(bySeconds: -86_400)
            let offset = try Self.offset(Self.helsinki)
            var now = begin
            var count = 0
            let calendar = {
                var calendar = Foundation.Calendar(identifier: .gregorian)
                calendar.timeZone = TimeZone(identifier: Self.helsinki)!
                return calendar
            }()
            while let next = hourly.next(after: now, offset: offset), next.seconds(since: begin) < 4 * 86_400 {
                #expect(next.seconds(since: now) > 0)
                let parts = calendar.dateComponents(
                    [.year, .month, .day, .minute], from: Date(timeIntervalSince1970: next.secondsSinceEpoch))
                #expect(parts.minute == 0)
                if let year = parts.year, let month = parts.month, let number = parts.day,
                    String(format: "%04d-%02d-%02d", year, month, number) == day
                {
                    count += 1
                }
                now = next
            }
            #expect(count == hours, "\(day)")
        }
        // Seven hours do not divide a day: it begins anew at midnight.
        #expect(
            try times(
                ScheduleRule(name: "x", moment: .every(seconds: 25_200), days: [.fri]), "UTC",
                after: "2026-05-01T13:00:00Z", 4)
                == ["2026-05-01T14:00", "2026-05-01T21:00", "2026-05-08T00:00", "2026-05-08T07:00"])
    }

    @Test func `each due rule is told once, a little late where nobody asked, and not when it is old`() throws {
        let rules = [
            try at("06:30"), ScheduleRule(name: "often", moment: .every(seconds: 60), seconds: 1),
        ]
        func now(_ clock: String) throws -> WallTime { try Self.time("2026-05-01T\(clock)Z") }
        var clock = ScheduleClock([rules[0]], offset: { _ in 0 }, now: try now("06:29:00"))
        #expect(clock.due(at: try now("06:29:59.9")).isEmpty)
        #expect(clock.due(at: try now("06:30:00")) == [rules[0]])
        #expect(clock.due(at: try now("06:30:01")).isEmpty)
        // Put back a little: not twice.
        #expect(clock.due(at: try now("06:29:30")).isEmpty)
        #expect(clock.due(at: try now("06:30:10")).isEmpty)
        clock = ScheduleClock([rules[0]], offset: { _ in 0 }, now: try now("06:29:00"))
        #expect(clock.due(at: try now("06:30:50")) == [rules[0]])
        clock = ScheduleClock([rules[0]], offset: { _ in 0 }, now: try now("06:29:00"))
        #expect(clock.due(at: try now("06:31:30")).isEmpty)
        // Of many missed ones only the newest is told.
        clock = ScheduleClock([rules[1]], offset: { _ in 0 }, now: try now("06:00:30"))
        #expect(clock.due(at: try now("09:10:20")) == [rules[1]])
        #expect(clock.due(at: try now("09:10:40")).isEmpty)
        #expect(clock.due(at: try now("09:11:00")) == [rules[1]])
        // A clock that was wrong by years.
        #expect(clock.due(at: try Self.time("2024-01-01T00:00:10Z")).isEmpty)
        #expect(clock.due(at: try Self.time("2024-01-01T00:01:00Z")) == [rules[1]])
    }

    @Test(arguments: ["6:30", "24:00", "12:60", "", "12", "ab:cd", "12:30:00", "-1:30", "+1:30", "１２:30"])
    func `only a time of day is one`(text: String) { #expect(ScheduleRules.minute(ofDay: text) == nil) }

    @Test func `rules are checked`() {
        func fields(_ rules: [ScheduleRule]) -> [String] { ScheduleRules.complaints(rules).map(\.field) }
        #expect(fields([ScheduleRule(name: "a", moment: .at(minute: 390))]).isEmpty)
        #expect(
            fields([
                ScheduleRule(name: "a", moment: .at(minute: 1440)),
                ScheduleRule(name: "a", moment: .every(seconds: 5), seconds: 0),
            ]) == ["schedule[0].at", "schedule[1].name", "schedule[1].every_seconds", "schedule[1].duration_seconds"])
        #expect(ScheduleRules.text(ofMinute: 390) == "06:30")
    }
}
