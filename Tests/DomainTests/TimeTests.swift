import Foundation
import Domain
import Testing

struct TimeTests {
    @Test func `days of all years are written as Foundation writes them`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let milliseconds = Int64.random(in: -9_000_000_000_000...9_000_000_000_000, using: &generator)
            let time = WallTime(nanosecondsSinceEpoch: milliseconds * 1_000_000 + 999_999)
            let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
            let second = date.formatted(.iso8601).dropLast()
            let fraction = (milliseconds % 1000 + 1000) % 1000
            // Foundation rounds seconds before 1970 the other way.
            if milliseconds >= 0 { #expect(time.rfc3339.hasPrefix(second), "\(milliseconds)") }
            #expect(time.rfc3339.hasSuffix(String(format: ".%03dZ", Int(fraction))), "\(milliseconds)")
            #expect(time.rfc3339.utf8.count == 24)
        }
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00.000Z", 0.0), ("2026-05-01T10:00:05.120Z", 1_777_629_605.120),
        ("2026-12-31T23:59:59.999Z", 1_798_761_599.999),
    ])
    func `wall time is written as RFC 3339 with milliseconds and read back`(text: String, seconds: Double) {
        #expect(WallTime(secondsSinceEpoch: seconds).rfc3339 == text)
        #expect(abs((WallTime(rfc3339: text)?.secondsSinceEpoch ?? -1) - seconds) < 0.001)
    }

    @Test(arguments: [
        ("2026-05-01T10:00:05Z", 1_777_629_605.0), ("2026-05-01T13:00:05+03:00", 1_777_629_605.0),
        ("2026-05-01T13:00:05.500+03:00", 1_777_629_605.5), ("2026-05-01t10:00:05z", 1_777_629_605.0),
    ])
    func `offsets and missing fractions are read`(text: String, seconds: Double) {
        #expect(abs((WallTime(rfc3339: text)?.secondsSinceEpoch ?? -1) - seconds) < 0.001)
    }

    @Test(arguments: [
        "", "yesterday", "2026-05-01", "10:00", "2026-13-01T00:00:00Z", "9983-08-08T00:36:16-00:57",
        "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z",
    ])
    func `other texts are no time`(text: String) { #expect(WallTime(rfc3339: text) == nil) }

    @Test(arguments: [Double.infinity, -.infinity, .nan, 1e300, -1e300, 9.3e9, -9.3e9])
    func `sums of times end at the greatest and the least there are`(seconds: Double) {
        let greatest = WallTime(nanosecondsSinceEpoch: .max)
        let least = WallTime(nanosecondsSinceEpoch: .min)
        #expect((least...greatest).contains(WallTime(secondsSinceEpoch: seconds)))
        #expect((least...greatest).contains(greatest.advanced(bySeconds: seconds)))
        #expect((least...greatest).contains(least.advanced(bySeconds: seconds)))
        #expect(greatest.seconds(since: least) > 1.8e10)
        let media = MediaTime(seconds: seconds).advanced(bySeconds: seconds)
        #expect(media.seconds(since: MediaTime(seconds: -seconds)).isFinite)
    }

    @Test func `identifiers sort by the time they were made and say version 7`() {
        let early = Identifier<Camera>.make(at: WallTime(secondsSinceEpoch: 1000))
        let late = Identifier<Camera>.make(at: WallTime(secondsSinceEpoch: 1000.002))
        #expect(early < late)
        #expect(early.description < late.description)
        #expect(Array(early.description)[14] == "7")
        #expect("89ab".contains(Array(early.description)[19]))
        #expect(Identifier<Camera>(early.description) == early)
        #expect(Identifier<Camera>("nonsense") == nil)
    }
}
