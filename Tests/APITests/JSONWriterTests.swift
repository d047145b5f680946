import Domain
import Foundation
import Testing

@testable import API

/// What writes itself means what it says, whoever embeds it.
struct JSONWriterTests {
    private struct Inner: JSONWritable {
        var name = "in\"ner"

        func write(to json: inout JSONWriter) throws {
            json.object { json in json.member("name", name) }
        }
    }

    private struct Everything: JSONWritable {
        func write(to json: inout JSONWriter) throws {
            try json.object { json in
                json.member("text", "a\"b\\c\u{1}\n\t\r/é€😀\u{7f}\u{2028}")
                json.member("flag", true)
                json.member("whole", -5)
                json.member("large", Int64.max)
                json.member("time", WallTime(nanosecondsSinceEpoch: 1_500_000_000))
                json.member("texts", ["", "b"])
                json.member("no_texts", [])
                json.nullable("there", "x")
                json.nullable("not_there", nil as String?)
                try json.member("number", 0.12345, decimals: 4)
                try json.nullable("no_number", nil, decimals: 4)
                try json.member("inner", Inner())
                try json.nullable("no_inner", nil as Inner?)
                try json.list("inners", ["one", "two"]) { try Inner(name: $0).write(to: &$1) }
                json.list("none", [Int]()) { _, _ in }
                json.member("last", false)
            }
        }
    }

    /// Embeds what writes itself among what does not.
    private struct Page: Encodable {
        var before = 1
        var items = [Inner(name: "a"), Inner(name: "b")]
        var one = Inner()
        var after = "end"
    }

    private func object(_ value: some Encodable) throws -> NSDictionary {
        let bytes = try jsonBytes(value)
        return try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? NSDictionary)
    }

    @Test func `each kind of member reads back as what it was`() throws {
        let expected: NSDictionary = [
            "text": "a\"b\\c\u{1}\n\t\r/é€😀\u{7f}\u{2028}", "flag": true, "whole": -5, "large": Int64.max,
            "time": "1970-01-01T00:00:01.500Z", "texts": ["", "b"], "no_texts": [] as [String], "there": "x",
            "not_there": NSNull(), "number": 0.1235, "no_number": NSNull(), "inner": ["name": "in\"ner"],
            "no_inner": NSNull(), "inners": [["name": "one"], ["name": "two"]], "none": [] as [Int], "last": false,
        ]
        #expect(try object(Everything()) == expected)
    }

    @Test func `it stands among what Codable writes`() throws {
        let expected: NSDictionary = [
            "before": 1, "items": [["name": "a"], ["name": "b"]], "one": ["name": "in\"ner"], "after": "end",
        ]
        #expect(try object(Page()) == expected)
    }

    @Test func `decimals are those of rounding, without zeros behind`() throws {
        let cases: [(value: Double, decimals: Int, text: String)] = [
            (0, 4, "0"), (-0.0, 4, "0"), (1, 4, "1"), (0.5, 4, "0.5"), (0.00004, 4, "0"), (0.00005, 4, "0.0001"),
            (-0.00004, 4, "0"), (-0.25, 1, "-0.3"), (0.1 + 0.2, 4, "0.3"), (12.0304, 3, "12.03"), (99.9996, 3, "100"),
            (-12.5, 0, "-13"), (1e300, 3, "1e+300"), (123_456_789.125, 3, "123456789.125"),
        ]
        for (value, decimals, text) in cases {
            var bytes: [UInt8] = []
            try bytes.appendJSON(value, decimals: decimals)
            #expect(String(decoding: bytes, as: UTF8.self) == text, "\(value)")
        }
        for value in [Double.nan, .infinity, -.infinity] {
            var bytes: [UInt8] = []
            #expect(throws: EncodingError.self) { try bytes.appendJSON(value, decimals: 3) }
        }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let value = Double.random(in: -2...2, using: &generator)
            var bytes: [UInt8] = []
            try bytes.appendJSON(value, decimals: 4)
            #expect(Double(String(decoding: bytes, as: UTF8.self)) == rounded(value, 4) + 0)
        }
    }

    @Test func `another encoder is refused instead of getting something else`() {
        #expect(throws: EncodingError.self) { try JSONEncoder().encode(Inner()) }
    }
}
