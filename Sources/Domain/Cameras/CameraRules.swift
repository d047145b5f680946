/// What a camera's name, address and numbers must satisfy, wherever they come from.
package enum CameraRules {
    /// Why a name is refused; nil when it is fine.
    package static func problem(name: String) -> String? {
        let allowed = name.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || $0.properties.numericType != nil || " -_.".unicodeScalars.contains($0) }
        guard !name.isEmpty, name.count <= 64, allowed, name.first != " ", name.last != " " else {
            return "must be 1 to 64 letters, digits, spaces, '-', '_' or '.'"
        }
        return nil
    }

    /// Why an address is refused; nil when it is fine. The answer never repeats the address.
    package static func problem(url: String) -> String? {
        let lower = url.lowercased()
        guard let scheme = ["rtsp://", "rtsps://"].first(where: { lower.hasPrefix($0) }) else {
            return "must begin with rtsp:// or rtsps://"
        }
        let rest = url.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        guard !host.isEmpty, host.first != ":", url.count <= 2048 else { return "has no host name" }
        guard url.unicodeScalars.allSatisfy({ $0.value > 32 && $0.value != 127 }) else {
            return "holds a space or a control character; write it percent-encoded (%20)"
        }
        return nil
    }

    /// The address with the password and any query (some cameras take passwords there) hidden: fit for logs and answers.
    package static func masked(url: String) -> String {
        guard let schemeEnd = url.firstRange(of: "://")?.upperBound else { return "(hidden)" }
        let rest = url[schemeEnd...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let path = rest[authority.endIndex...]
        let shownPath = path.firstIndex(of: "?").map { path[..<$0] + "?***" } ?? path
        guard let at = authority.lastIndex(of: "@") else { return String(url[..<schemeEnd] + authority + shownPath) }
        let user = authority[..<at].prefix { $0 != ":" }
        return String(url[..<schemeEnd]) + user + ":***" + authority[at...] + shownPath
    }
}
