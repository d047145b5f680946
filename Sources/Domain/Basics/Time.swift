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
        let milliseconds = Int64((Double(nanosecondsSinceEpoch) / 1e6).rounded(.down))
        let fractional = (milliseconds % 1000 + 1000) % 1000
        let date = Date(timeIntervalSince1970: Double((milliseconds - fractional) / 1000))
        let whole = date.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: false))
        let fraction = String(fractional)
        return whole.replacing("Z", with: "") + "." + String(repeating: "0", count: 3 - fraction.count) + fraction + "Z"
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
