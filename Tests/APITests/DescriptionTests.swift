import Domain
import Foundation
import Testing

@testable import API

/// What openapi.json says is what the program does, as far as it can be read off.
struct DescriptionTests {
    @Test func `a call that takes an Idempotency-Key tells that it may be refused`() throws {
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.bytes)) as? [String: Any])
        var count = 0
        for (path, item) in try #require(document["paths"] as? [String: [String: Any]]) {
            for (method, operation) in item {
                guard let operation = operation as? [String: Any] else { continue }
                let parameters = operation["parameters"] as? [[String: Any]] ?? []
                guard parameters.contains(where: { "\($0)".contains("Idempotency") }) else { continue }
                count += 1
                #expect((operation["responses"] as? [String: Any])?["422"] != nil, "\(method) \(path)")
            }
        }
        #expect(count > 10)
    }

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
