import Testing

@testable import PostgresKit

struct ColumnPlacesTests {
    /// The same length, first, middle and last letter, so that all want one slot.
    private static let alike = ["a1c1e", "a2c2e", "a3c3e", "a4c4e", "a5c5e"]

    @Test(arguments: [
        ["id"], [], alike, alike + ["id", "verdict_id", "feedback_id"], (0..<200).map { "column \($0)" },
        ["é", "ü", ""],
    ])
    func `each name is found at its place and no other is`(names: [String]) {
        let places = ColumnPlaces(names.map { Array($0.utf8) })
        for (index, name) in names.enumerated() { #expect(places.place(of: name) == Int32(index)) }
        for other in ["a6c6e", "i", "column 200", "column", "None", "ö"] { #expect(places.place(of: other) == nil) }
        #expect((places.place(of: "") != nil) == names.contains(""))
    }

    @Test func `of two columns with one name it is the last`() {
        let places = ColumnPlaces(["a", "b", "a"].map { Array($0.utf8) })
        #expect(places.place(of: "a") == 2)
        #expect(places.place(of: "b") == 1)
    }
}
