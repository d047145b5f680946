import Domain
import Foundation

/// Time zones by their IANA names, from the system's database.
enum SiteZone {
    /// How far its clock is ahead of UTC at an instant; nil for a name that is not known.
    static func offset(of name: String) -> ZoneOffset? {
        guard let zone = TimeZone(identifier: name) else { return nil }
        return { (time: WallTime) -> Int in
            zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time.nanosecondsSinceEpoch / 1_000_000_000)))
        }
    }
}
