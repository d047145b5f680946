import Testing

@testable import PostgresKit

struct PostgresTimestampTests {
    private func read(_ text: String) -> PostgresTimestamp? {
        Array(text.utf8).withUnsafeBufferPointer { PostgresTimestamp(postgresText: $0) }
    }

    @Test(arguments: [
        (0, "1970-01-01 00:00:00.000000+00"), (1_777_629_605_120_000, "2026-05-01 10:00:05.120000+00"),
        (-1, "1969-12-31 23:59:59.999999+00"), (951_782_400_000_000, "2000-02-29 00:00:00.000000+00"),
        (-62_135_596_800_000_000, "0001-01-01 00:00:00.000000+00"),
        (253_402_300_799_999_999, "9999-12-31 23:59:59.999999+00"),
    ])
    func `an instant has one text and comes back from it`(microseconds: Int64, text: String) {
        let time = PostgresTimestamp(microsecondsSinceEpoch: microseconds)
        #expect(time.text == text)
        #expect(read(text) == time)
    }

    @Test(arguments: [
        ("2026-05-01 10:00:05.12+00", 1_777_629_605_120_000), ("2026-05-01 10:00:05+00", 1_777_629_605_000_000),
        ("2026-05-01 15:30:05+05:30", 1_777_629_605_000_000), ("2026-05-01 06:00:05.5-04", 1_777_629_605_500_000),
    ])
    func `what a server writes is read`(text: String, microseconds: Int64) {
        #expect(read(text)?.microsecondsSinceEpoch == microseconds)
    }

    @Test(arguments: [
        "infinity", "-infinity", "", "2026-05-01", "2026-05-01 10:00:05", "0044-03-15 00:00:00+00 BC", "x",
    ])
    func `anything else is no time`(text: String) {
        #expect(read(text) == nil)
    }
}
