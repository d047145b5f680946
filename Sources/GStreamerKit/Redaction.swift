/// Removes the user part of URLs from texts that come out of GStreamer.
package enum Redaction {
    /// `text` with `scheme://user:password@host` written as `scheme://host`, wherever it stands.
    package static func withoutCredentials(_ text: String) -> String {
        guard text.contains("://"), text.contains("@") else { return text }
        var result = ""
        var rest = text[...]
        while let mark = rest.firstRange(of: "://") {
            result += rest[..<mark.upperBound]
            rest = rest[mark.upperBound...]
            // The authority ends at the first of these; a raw "/" or "?" in a password would have to be escaped, but
            // people paste them all the same, so the search for "@" goes to the next blank or quote.
            let end = rest.firstIndex { $0.isWhitespace || "\"'<>()".contains($0) } ?? rest.endIndex
            if let at = rest[..<end].lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
        }
        return result + rest
    }
}
