import Domain

/// An RTSP address taken apart: what goes on the wire, the credentials, and the part that may be shown.
struct CameraAddress: Sendable, Hashable {
    /// The address without credentials. May still hold secrets in its query, so it is not shown either.
    var location: String
    var user: String?
    var password: String?
    /// `host:port`, for messages.
    var display: String
    /// True for TLS.
    var isSecure: Bool

    /// Takes `rtsp://user:password@host:port/path` apart; user and password are percent-decoded.
    init(_ url: String) throws(SourceError) {
        guard let mark = url.firstRange(of: "://"),
            ["rtsp", "rtspt", "rtspu", "rtsps"].contains(url[..<mark.lowerBound].lowercased())
        else { throw Self.invalid("it does not begin with rtsp://") }
        guard !url.contains(where: { $0.isWhitespace || $0.isNewline }) else {
            throw Self.invalid("it contains a space")
        }
        let scheme = url[..<mark.lowerBound].lowercased()
        let afterScheme = url[mark.upperBound...]
        let end = afterScheme.firstIndex { "/?#".contains($0) } ?? afterScheme.endIndex
        let authority = afterScheme[..<end]
        var host = authority
        if let at = authority.lastIndex(of: "@") {
            host = authority[authority.index(after: at)...]
            let parts = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = try Self.decoded(parts[0])
            password = parts.count > 1 ? try Self.decoded(parts[1]) : ""
        }
        let (name, port) = Self.split(host)
        guard !name.isEmpty else { throw Self.invalid("it names no host") }
        if let port {
            guard let number = UInt16(port), number > 0 else {
                throw Self.invalid("its port is not a number from 1 to 65535")
            }
        }
        isSecure = scheme == "rtsps"
        location = "\(scheme)://\(host)\(afterScheme[end...])"
        display = port == nil ? "\(name):\(scheme == "rtsps" ? 322 : 554)" : String(host)
    }

    /// Host (with brackets where it is an IPv6 address) and port.
    private static func split(_ host: Substring) -> (Substring, Substring?) {
        if host.hasPrefix("["), let bracket = host.firstIndex(of: "]") {
            let rest = host[host.index(after: bracket)...]
            return (host[...bracket], rest.hasPrefix(":") ? rest.dropFirst() : nil)
        }
        guard let colon = host.lastIndex(of: ":") else { return (host, nil) }
        return (host[..<colon], host[host.index(after: colon)...])
    }

    private static func decoded(_ text: Substring) throws(SourceError) -> String {
        var bytes: [UInt8] = []
        var rest = Substring(text).utf8
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                let digits = String(Substring(rest.prefix(2)))
                guard digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16)
                else {
                    throw invalid("its user or password has a % that begins no escape; write it as %25")
                }
                rest.removeFirst(2)
                bytes.append(value)
            } else {
                bytes.append(byte)
            }
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw invalid("its user or password is not UTF-8")
        }
        return decoded
    }

    private static func invalid(_ reason: String) -> SourceError {
        SourceError(
            .unreachable, "The camera's address cannot be used: \(reason). Write rtsp://user:password@host:port/path.")
    }
}
