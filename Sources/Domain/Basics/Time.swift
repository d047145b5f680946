import FoundationEssentials

/// An instant of wall-clock time in UTC, with nanosecond units.
package struct WallTime: Hashable, Sendable, Comparable, Codable {
    package var nanosecondsSinceEpoch: Int64

    package init(nanosecondsSinceEpoch: Int64) { self.nanosecondsSinceEpoch = nanosecondsSinceEpoch }

    /// From seconds since 1970-01-01T00:00:00Z.
    package init(secondsSinceEpoch: Double) {
        nanosecondsSinceEpoch = Int64((secondsSinceEpoch * 1e9).rounded())
    }

    package var secondsSinceEpoch: Double { Double(nanosecondsSinceEpoch) / 1e9 }

    package func advanced(bySeconds seconds: Double) -> Self {
        Self(nanosecondsSinceEpoch: nanosecondsSinceEpoch + Int64((seconds * 1e9).rounded()))
    }

    /// Seconds from `earlier` to this instant; negative if it is later.
    package func seconds(since earlier: Self) -> Double {
        Double(nanosecondsSinceEpoch - earlier.nanosecondsSinceEpoch) / 1e9
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch
    }

    /// RFC 3339 in UTC with milliseconds: `2026-05-01T10:00:05.120Z`.
    package var rfc3339: String {
        let milliseconds = Int64((Double(nanosecondsSinceEpoch) / 1e6).rounded(.down))
        let date = Date(timeIntervalSince1970: Double(milliseconds / 1000))
        let whole = date.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: false))
        let fraction = String(milliseconds % 1000)
        return whole.replacing("Z", with: "") + "." + String(repeating: "0", count: 3 - fraction.count) + fraction + "Z"
    }

    /// Parses RFC 3339 with `Z` or a numeric offset, with or without a fraction; nil for anything else.
    package init?(rfc3339 text: String) {
        let upper = text.uppercased()
        if let date = try? Date(
            upper,
            strategy: .iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .colon))
        {
            self.init(secondsSinceEpoch: date.timeIntervalSince1970)
        } else if let date = try? Date(upper, strategy: .iso8601) {
            self.init(secondsSinceEpoch: date.timeIntervalSince1970)
        } else {
            return nil
        }
    }
}

/// A position on one camera connection's media timeline, in nanoseconds; zero has no meaning of its own.
///
/// Kept apart from `WallTime` because a camera's clock is never trusted for wall time; `ClockMap` converts.
package struct MediaTime: Hashable, Sendable, Comparable, Codable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    package init(seconds: Double) { nanoseconds = Int64((seconds * 1e9).rounded()) }

    package var seconds: Double { Double(nanoseconds) / 1e9 }

    package func advanced(bySeconds seconds: Double) -> Self {
        Self(nanoseconds: nanoseconds + Int64((seconds * 1e9).rounded()))
    }

    /// Seconds from `earlier` to this position; negative if it is later.
    package func seconds(since earlier: Self) -> Double { Double(nanoseconds - earlier.nanoseconds) / 1e9 }

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }
}
