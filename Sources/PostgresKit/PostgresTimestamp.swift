/// An instant of `timestamptz`, which PostgreSQL keeps to the microsecond.
package struct PostgresTimestamp: Sendable, Hashable {
    /// Since 1970-01-01T00:00:00Z.
    package var microsecondsSinceEpoch: Int64

    package init(microsecondsSinceEpoch: Int64) { self.microsecondsSinceEpoch = microsecondsSinceEpoch }

    private static let microsecondsPerDay: Int64 = 86_400_000_000

    /// `2026-05-01 10:00:05.120000+00`, as PostgreSQL reads it with any `DateStyle`.
    package var text: String {
        var days = microsecondsSinceEpoch / Self.microsecondsPerDay
        var rest = microsecondsSinceEpoch % Self.microsecondsPerDay
        if rest < 0 {
            rest += Self.microsecondsPerDay
            days -= 1
        }
        let (year, month, day) = Self.civil(fromDays: days)
        let seconds = rest / 1_000_000
        func padded(_ value: Int64, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        let time = "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        return "\(date) \(time).\(padded(rest % 1_000_000, 6))+00"
    }

    /// Reads what PostgreSQL writes with `DateStyle = ISO` in any time zone; nil for `infinity`, years before Christ and
    /// anything else.
    package init?(postgresText characters: UnsafeBufferPointer<UInt8>) {
        var index = 0
        func number(minimumDigits: Int, maximumDigits: Int) -> Int64? {
            var value: Int64 = 0
            let start = index
            while index < characters.count, index - start < maximumDigits,
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(characters[index])
            {
                value = value * 10 + Int64(characters[index] - UInt8(ascii: "0"))
                index += 1
            }
            return index - start >= minimumDigits ? value : nil
        }
        func skip(_ character: Character) -> Bool {
            guard index < characters.count, characters[index] == character.asciiValue else { return false }
            index += 1
            return true
        }
        guard let year = number(minimumDigits: 4, maximumDigits: 6), skip("-"),
            let month = number(minimumDigits: 2, maximumDigits: 2), (1...12).contains(month), skip("-"),
            let day = number(minimumDigits: 2, maximumDigits: 2), (1...31).contains(day), skip(" "),
            let hour = number(minimumDigits: 2, maximumDigits: 2), skip(":"),
            let minute = number(minimumDigits: 2, maximumDigits: 2), skip(":"),
            let second = number(minimumDigits: 2, maximumDigits: 2)
        else { return nil }
        var fraction: Int64 = 0
        if skip(".") {
            let start = index
            guard let digits = number(minimumDigits: 1, maximumDigits: 6) else { return nil }
            fraction = digits
            for _ in (index - start)..<6 { fraction *= 10 }
        }
        var offsetSeconds: Int64 = 0
        let sign: Int64
        if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
        guard let offsetHours = number(minimumDigits: 2, maximumDigits: 2) else { return nil }
        offsetSeconds = offsetHours * 3600
        if skip(":") {
            guard let offsetMinutes = number(minimumDigits: 2, maximumDigits: 2) else { return nil }
            offsetSeconds += offsetMinutes * 60
        }
        guard index == characters.count else { return nil }
        let days = Self.days(fromYear: year, month: month, day: day)
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - sign * offsetSeconds
        microsecondsSinceEpoch = seconds * 1_000_000 + fraction
    }

    // Proleptic Gregorian calendar in eras of 400 years that begin on 1 March:
    // https://howardhinnant.github.io/date_algorithms.html

    private static func days(fromYear year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
