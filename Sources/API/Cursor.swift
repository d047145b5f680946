import Foundation

/// Cursors are opaque to clients: the parts of a position, joined and in URL-safe base64.
enum Cursor {
    static func encode(_ parts: [String]) -> String {
        Data(parts.joined(separator: "\n").utf8).base64EncodedString().replacing("+", with: "-")
            .replacing("/", with: "_").replacing("=", with: "")
    }

    static func decode(_ text: String) -> [String]? {
        guard text.count <= 512 else { return nil }
        var padded = text.replacing("-", with: "+").replacing("_", with: "/")
        padded += String(repeating: "=", count: (4 - padded.count % 4) % 4)
        guard let data = Data(base64Encoded: padded), let joined = String(bytes: data, encoding: .utf8) else {
            return nil
        }
        return joined.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}
