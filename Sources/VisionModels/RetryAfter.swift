/// Reads the header `Retry-After`: whole seconds, or a date (RFC 9110 §10.2.3).
enum RetryAfter {
    /// The longest wait that is believed.
    static let maximumSeconds = 86_400.0

    /// As below, but `retry-after-ms` (OpenAI) counts first.
    static func seconds(milliseconds: String?, _ header: String?, date: String?, now: Double) -> Double? {
        if let milliseconds = milliseconds.flatMap(Double.init), milliseconds.isFinite {
            return min(max(0, milliseconds / 1000), maximumSeconds)
        }
        return seconds(header, date: date, now: now)
    }

    /// A duration as protobuf's JSON has it: `37s`, `1.5s`.
    static func seconds(duration: String) -> Double? {
        guard duration.hasSuffix("s"), let seconds = Double(duration.dropLast()), seconds.isFinite else { return nil }
        return min(max(0, seconds), maximumSeconds)
    }

    /// Seconds to wait; nil if there is no readable header. A date is compared with the server's own `date`, where it
    /// sent one, since its clock and ours may differ.
    static func seconds(_ header: String?, date: String?, now: Double) -> Double? {
        guard let header else { return nil }
        if let seconds = Double(header), seconds.isFinite { return min(max(0, seconds), maximumSeconds) }
        guard let until = secondsSinceEpoch(header) else { return nil }
        let reference = date.flatMap(secondsSinceEpoch) ?? now
        return min(max(0, until - reference), maximumSeconds)
    }

    /// An IMF-fixdate, `Sun, 06 Nov 1994 08:49:37 GMT`, in seconds since 1970.
    static func secondsSinceEpoch(_ text: String) -> Double? {
        let parts = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == ":" })
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 8, parts[7] == "GMT", let day = Int(parts[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(parts[2])), let year = Int(parts[3]), (1970...9999).contains(year),
            let hour = Int(parts[4]), (0...23).contains(hour), let minute = Int(parts[5]), (0...59).contains(minute),
            let second = Int(parts[6]), (0...60).contains(second)
        else { return nil }
        // Days since 1970-01-01 of a date whose year begins in March.
        let shifted = month < 2 ? year - 1 : year
        let dayOfYear = (153 * ((month + 10) % 12) + 2) / 5 + day - 1
        let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
        return Double(days * 86_400 + hour * 3600 + minute * 60 + second)
    }
}
