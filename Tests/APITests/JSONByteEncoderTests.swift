import Foundation
import Testing

@testable import API

/// What the service writes means the same as what Foundation's encoder would have written.
struct JSONByteEncoderTests {
    private struct Inner: Encodable {
        var sizeBytes = 7
        var atSeconds = 0.1
        var words: [String] = []
    }

    private enum Choice: String, Encodable { case first, second }

    private struct Everything: Encodable {
        var id = "a\"b\\c\u{1}\n\t\r/é€😀\u{7f}\u{2028}"
        var thumbnailUrl: String? = "x"
        var leftOut: String?
        @Nullable var given: Int? = 5
        @Nullable var notGiven: String?
        @Nullable var inner: Inner? = Inner(words: ["one", "", "two"])
        var list = [Inner(), Inner(sizeBytes: -1)]
        var lists = [[1, 2], [], [3]]
        var empty: [Inner] = []
        var numbers: [Double] = [0, -0.0, 1, -5, 1.5, 1e300, 5e-324, 0.1 + 0.2, 123_456_789_012, 1 / 3]
        var small: Float = 0.1
        var largest = UInt64.max
        var least = Int64.min
        var flags = [true, false]
        var choice = Choice.second
        var dictionary = ["someKey": 1, "another_key": 2, "Zed": 3, "a\"": 4]
        var deep = ["b": ["d": [1, 2], "c": []], "a": [:]]
        var optionals: [Int?] = [1, nil, 3]
        var sha256 = "ff"
        var http2Enabled = true
    }

    /// Opens several containers, as a type may that writes itself.
    private struct ByHand: Encodable {
        enum Keys: String, CodingKey { case first, second, third }
        func encode(to encoder: any Encoder) throws {
            var keyed = encoder.container(keyedBy: Keys.self)
            var list = keyed.nestedUnkeyedContainer(forKey: .first)
            try list.encode(1)
            var inner = list.nestedContainer(keyedBy: Keys.self)
            try inner.encode("x", forKey: .third)
            try list.encodeNil()
            try keyed.encodeNil(forKey: .second)
            var last = keyed.nestedContainer(keyedBy: Keys.self, forKey: .third)
            try last.encode(true, forKey: .first)
        }
    }

    private func check(_ value: some Encodable) throws {
        let foundation = JSONEncoder()
        foundation.keyEncodingStrategy = .convertToSnakeCase
        let ours = try JSONByteEncoder.encode(value)
        // With the names that the first time found.
        #expect(try JSONByteEncoder.encode(value) == ours)
        let theirs = try foundation.encode(value)
        let left = try JSONSerialization.jsonObject(with: Data(ours), options: .fragmentsAllowed) as? NSObject
        let right = try JSONSerialization.jsonObject(with: theirs, options: .fragmentsAllowed) as? NSObject
        #expect(left == right, "\(String(decoding: ours, as: UTF8.self))\n\(String(decoding: theirs, as: UTF8.self))")
    }

    @Test func `every kind of value is what Foundation makes of it`() throws {
        try check(Everything())
        try check([Everything(), Everything()])
        try check(ByHand())
        try check("text")
        try check([String: Int]())
        try check(PageDTO(items: [Inner()], nextCursor: nil))
    }

    @Test func `members come in their order, those of dictionaries sorted`() throws {
        struct Value: Encodable {
            var zebra = 1
            var atSeconds = ["b": 1, "a": 2, "c": 3]
        }
        #expect(
            String(decoding: try JSONByteEncoder.encode(Value()), as: UTF8.self)
                == #"{"zebra":1,"at_seconds":{"a":2,"b":1,"c":3}}"#)
    }

    @Test func `what is no number in JSON is refused`() {
        #expect(throws: EncodingError.self) { try JSONByteEncoder.encode(["x": Double.nan]) }
        #expect(throws: EncodingError.self) { try JSONByteEncoder.encode([Double.infinity]) }
    }
}
