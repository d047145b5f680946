import Foundation
import HTTPTypes

/// Which methods an address takes, from the document of the API: tells an address that is not there from a method that is not.
enum AllowedMethods {
    private static let table: [(segments: [Substring], methods: [String])] = {
        struct Document: Decodable {
            var paths: [String: [String: Anything]]
        }
        struct Anything: Decodable {
            init(from decoder: any Decoder) {}
        }
        let known = ["get", "put", "post", "delete", "patch", "head", "options"]
        let paths = (try? JSONDecoder().decode(Document.self, from: Data(OpenAPIDocument.bytes)))?.paths ?? [:]
        return paths.map { path, item in
            (path.split(separator: "/"), item.keys.filter(known.contains).map { $0.uppercased() }.sorted())
        }
    }()

    /// Nil where nothing is at the address, or the method is one that it takes.
    static func instead(of method: HTTPRequest.Method, at path: String) -> [String]? {
        let segments = path.split(separator: "/")
        // As the router does: a word goes before a parameter.
        let nearest = table.filter { entry in
            entry.segments.count == segments.count
                && zip(entry.segments, segments).allSatisfy { $0.0.hasPrefix("{") || $0.0 == $0.1 }
        }.min { first, second in
            first.segments.count { $0.hasPrefix("{") } < second.segments.count { $0.hasPrefix("{") }
        }
        guard let methods = nearest?.methods, !methods.contains(method.rawValue) else { return nil }
        return methods
    }
}
