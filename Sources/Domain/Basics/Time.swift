import FoundationEssentials

/// Sums of nanoseconds that end at the greatest and least there are instead of trapping: times come from people and cameras.
private enum Nanoseconds {
    static func of(seconds: Double) -> Int64 {
        let nanoseconds = (seconds * 1e9).rounded()
        if nanoseconds.isNaN { return 0 }
        return Int64(exactly: nanoseconds) ?? (nanoseconds < 0 ? .min : .max)
    }

    static func sum(_ nanoseconds: Int64, _ seconds: Double) -> Int64 {
        let (sum, overflows) = nanoseconds.addingReportingOverflow(of(seconds: seconds))
        return overflows ? (seconds < 0 ? .min : .max) : sum
    }

    static func seconds(from earlier: Int64, to later: Int64) -> Double {
        let (difference, overflows) = later.subtractingReportingOverflow(earlier)
        return overflows ? (Double(later) - Double(earlier)) / 1e9 : Double(difference) / 1e9
    }
}

/// An instant of wall-clock time in UTC, with nanosecond units.
package struct WallTime: Hashable, Sendable, Comparable, Codable {
    package var nanosecondsSinceEpoch: Int64

    package init(nanosecondsSinceEpoch: Int64) { self.nanosecondsSinceEpoch = nanosecondsSinceEpoch }

    /// From seconds since 1970-01-01T00:00:00Z.
    package init(secondsSinceEpoch: Double) {
        nanosecondsSinceEpoch = Nanoseconds.of(seconds: secondsSinceEpoch)
    }

    package var secondsSinceEpoch: Double { Double(nanosecondsSinceEpoch) / 1e9 }

    package func advanced(bySeconds seconds: Double) -> Self {
        Self(nanosecondsSinceEpoch: Nanoseconds.sum(nanosecondsSinceEpoch, seconds))
    }

    /// Seconds from `earlier` to this instant; negative if it is later.
    package func seconds(since earlier: Self) -> Double {
        Nanoseconds.seconds(from: earlier.nanosecondsSinceEpoch, to: nanosecondsSinceEpoch)
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch
    }

    /// RFC 3339 in UTC with milliseconds: `2026-05-01T10:00:05.120Z`.
    package var rfc3339: String {
        let (seconds, rest) = Self.divided(nanosecondsSinceEpoch, by: 1_000_000_000)
        let (days, second) = Self.divided(seconds, by: 86_400)
        let (year, month, day) = Self.civil(days)
        return String(unsafeUninitializedCapacity: 40) { text in
            var count = 0
            func put(_ value: Int64, digits: Int, _ end: Unicode.Scalar) {
                var value = value
                for place in stride(from: count + digits - 1, through: count, by: -1) {
                    text[place] = UInt8(ascii: "0") + UInt8(value % 10)
                    value /= 10
                }
                text[count + digits] = UInt8(ascii: end)
                count += digits + 1
            }
            put(year, digits: 4, "-")
            put(month, digits: 2, "-")
            put(day, digits: 2, "T")
            put(second / 3600, digits: 2, ":")
            put(second / 60 % 60, digits: 2, ":")
            put(second % 60, digits: 2, ".")
            put(rest / 1_000_000, digits: 3, "Z")
            return count
        }
    }

    private static func divided(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    /// Day of the proleptic Gregorian calendar, from days since 1970-01-01; an `Int64` of nanoseconds holds the years 1677 to
    /// 2262. https://howardhinnant.github.io/date_algorithms.html#civil_from_days
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = divided(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        // Years that begin in March.
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    /// What people are told to write.
    package static let rfc3339Rule = "a time as RFC 3339 has it, from 1970 to 2199"
    private static let accepted = 0.0..<7_258_118_400  // 2200-01-01

    /// Parses RFC 3339 with `Z` or a numeric offset, with or without a fraction; nil for anything else, and outside of the years
    /// 1970 to 2199.
    package init?(rfc3339 text: String) {
        guard let time = Self.date(rfc3339: text)?.timeIntervalSince1970, Self.accepted.contains(time) else {
            return nil
        }
        self.init(secondsSinceEpoch: time)
    }

    private static func date(rfc3339 text: String) -> Date? {
        let upper = text.uppercased()
        if let date = try? Date(
            upper,
            strategy: .iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .colon))
        {
            return date
        }
        return try? Date(upper, strategy: .iso8601)
    }
}

/// A position on one camera connection's media timeline, in nanoseconds; zero has no meaning of its own.
///
/// Kept apart from `WallTime` because a camera's clock is never trusted for wall time; `ClockMap` converts.
package struct MediaTime: Hashable, Sendable, Comparable, Codable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    package init(seconds: Double) { nanoseconds = Nanoseconds.of(seconds: seconds) }

    package var seconds: Double { Double(nanoseconds) / 1e9 }

    package func advanced(bySeconds seconds: Double) -> Self {
        Self(nanoseconds: Nanoseconds.sum(nanoseconds, seconds))
    }

    /// Seconds from `earlier` to this position; negative if it is later.
    package func seconds(since earlier: Self) -> Double {
        Nanoseconds.seconds(from: earlier.nanoseconds, to: nanoseconds)
    }

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }
}
