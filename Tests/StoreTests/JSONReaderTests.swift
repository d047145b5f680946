import Foundation
import Testing

@testable import Store

struct JSONReaderTests {
    @Test func `reads numbers, texts, lists and nothing, and passes what it does not know`() throws {
        let text = #"""
            [{"x": 0.25, "n": -3, "e": 1.5e-7, "text": "a \"b\" \\ \n\tü \u0001", "list": ["p", "q"], "none": null,
            "more": {"deep": [1, {"a": "}]"}, true]}}, {}]
            """#
        var seen: [String] = []
        let items = try JSONReader.array(text.replacing("\n", with: " ")) { reader in
            var count = 0
            try reader.object { name, value in
                count += 1
                switch name {
                case "x", "e": seen.append("\(try value.number())")
                case "n": seen.append("\(try value.integer())")
                case "text": seen.append(try value.string())
                case "list": try value.array { seen.append(try $0.string()) }
                case "none": seen.append("\(value.skipsNull())")
                default: try value.skip()
                }
            }
            return count
        }
        #expect(items == [7, 0])
        #expect(seen == ["0.25", "-3", "1.5e-07", "a \"b\" \\ \n\tü \u{1}", "p", "q", "true"])
    }

    @Test(arguments: ["", "[", "{}", "[1", "[1,]", "[\"a", "[\"\\", "[\"\\u00", "nul", "[tru", "[}"])
    func `what is no list of numbers is refused`(text: String) {
        #expect(throws: JSONReader.Mismatch.self) { try JSONReader.array(text) { try $0.number() } }
    }

    @Test func `a text that is cut anywhere is refused, not read past its end`() {
        let text = #"[{"x": 0.5, "zones": ["a\u00e9", "b"], "o": {"k": [null, 7]}}]"#
        for length in 0..<text.utf8.count {
            #expect(throws: JSONReader.Mismatch.self) {
                try JSONReader.array(String(decoding: Array(text.utf8).prefix(length), as: UTF8.self)) { try $0.skip() }
            }
        }
    }

    @Test func `reads what the same values' encoder wrote, whatever the numbers`() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let values = (0..<5).map { _ in Double(bitPattern: random.next()) }.filter(\.isFinite)
            let text = String(decoding: try JSONEncoder().encode(values), as: UTF8.self)
            #expect(try JSONReader.array(text) { try $0.number() } == values)
        }
    }

    @Test func `a box or a picture that lacks something is refused, not taken for zero`() throws {
        #expect(try Documents.boxes(#"[{"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4}]"#).count == 1)
        #expect(throws: JSONReader.Mismatch.self) { try Documents.boxes(#"[{"x": 0.1, "y": 0.2, "width": 0.3}]"#) }
        #expect(try Documents.evidence("[[\"a\", 1, 2, 3, 4, null], \n [\"b\", 1, 2, 3, 4, null]]").count == 2)
        #expect(throws: JSONReader.Mismatch.self) { try Documents.evidence(#"[["a", 1, 2, 3, 4]]"#) }
        #expect(throws: JSONReader.Mismatch.self) { try Documents.evidence(#"[["a", null, 2, 3, 4, null]]"#) }
    }
}
