import Foundation
import Testing

@testable import Domain

struct IdentifierTests {
    @Test func `the text is that of Foundation, in lower case`() throws {
        for _ in 0..<1000 {
            let uuid = UUID()
            let identifier = Identifier<Event>(uuid)
            #expect(identifier.description == uuid.uuidString.lowercased())
            #expect(Identifier<Event>(uuid.uuidString) == identifier)
            #expect(Identifier<Event>(identifier.description[...]) == identifier)
        }
    }

    @Test(arguments: [
        "", "0199d2a0", "0199d2a0-7c1e-7b3a-9f10-2b6f5c1d8e4", "0199d2a0-7c1e-7b3a-9f10-2b6f5c1d8e4ff",
        "0199d2a0-7c1e-7b3a-9f10-2b6f5c1d8e4g", "0199d2a007c1e-7b3a-9f10-2b6f5c1d8e4f",
        "0199d2a-07c1e-7b3a-9f10-2b6f5c1d8e4f", "{199d2a0-7c1e-7b3a-9f10-2b6f5c1d8e4}",
        "0199d2a0-7c1e-7b3a-9f10-2b6f5c1d8eé",
    ])
    func `other texts are no identifier`(text: String) {
        #expect(Identifier<Event>(text) == nil)
        #expect(UUID(uuidString: text) == nil)
    }
}
