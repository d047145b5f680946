import Domain
import Foundation
import Testing

@testable import API

/// What openapi.json says of numbers is what the rules say.
struct DescriptionTests {
    @Test(arguments: ["Camera", "CameraCreate", "CameraPatch"])
    func `a camera's numbers have the bounds and defaults that the program has`(schema: String) throws {
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.bytes)) as? [String: Any])
        let schemas = try #require((document["components"] as? [String: Any])?["schemas"] as? [String: Any])
        let properties = try #require((schemas[schema] as? [String: Any])?["properties"] as? [String: Any])
        let settings = CameraSettings(url: "")
        for bound in CameraRules.bounds {
            let property = try #require(properties[bound.key] as? [String: Any], "\(schema).\(bound.key)")
            #expect(property["minimum"] as? Double == bound.range.lowerBound, "\(schema).\(bound.key)")
            #expect(property["maximum"] as? Double == bound.range.upperBound, "\(schema).\(bound.key)")
            // A patch leaves alone what it does not name.
            let expected = schema == "CameraPatch" ? nil : settings[keyPath: bound.field]
            #expect(property["default"] as? Double == expected, "\(schema).\(bound.key)")
        }
    }
}
