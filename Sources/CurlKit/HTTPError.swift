/// Why there is no response. Holds neither the URL's user, password or query, nor a header, nor a body.
package struct HTTPError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        /// The request itself is not usable: URL, scheme, header.
        case invalidRequest
        case couldNotResolve
        case couldNotConnect
        case timeout
        case tls
        case tooLarge
        case cancelled
        /// The connection ended or the peer broke the protocol before the response was whole.
        case broken
    }

    package var code: Code
    /// `scheme://host:port/path` of the request.
    package var target: String
    /// What went wrong, in libcurl's words or ours.
    package var message: String

    package init(_ code: Code, target: String, message: String) {
        self.code = code
        self.target = target
        self.message = message
    }

    package var description: String { "\(target): \(message)" }
}

/// `scheme://host:port/path` of a URL: without user, password, query and fragment, so that it can be shown.
package func presentableURL(_ url: String) -> String {
    let bare = Array(url.unicodeScalars.prefix { $0 != "?" && $0 != "#" })
    guard let colon = bare.firstIndex(of: ":"), bare[colon...].starts(with: "://".unicodeScalars) else {
        return "the given URL"
    }
    let scheme = bare[..<(colon + 3)]
    let rest = bare[(colon + 3)...]
    // The last "@" wherever it stands: a password may hold a "/" that nobody escaped.
    let harmless = rest.lastIndex(of: "@").map { rest[($0 + 1)...] } ?? rest
    let shown = (scheme + harmless).filter { $0.value >= 0x20 && $0.value != 0x7f }
    return String(String.UnicodeScalarView(shown.prefix(200)))
}
