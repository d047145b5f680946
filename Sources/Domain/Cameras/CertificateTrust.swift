/// Whose certificate an `rtsps://` camera may show.
package enum CertificateTrust: Sendable, Hashable {
    /// One that is signed by an authority that this machine trusts, and made out to the camera's name.
    case system
    /// Any: the connection is encrypted, and nobody knows with whom.
    case any
    /// As `system`, and the one whose SHA-256 is this (64 digits, lower case), whoever signed it.
    case fingerprint(String)

    /// From "system", "any" or a SHA-256 in hexadecimal digits, with or without colons; nil for others.
    package init?(_ text: String) {
        switch text {
        case "system": self = .system
        case "any": self = .any
        default:
            let digits = text.lowercased().filter { $0 != ":" }
            guard digits.utf8.count == 64, text.utf8.count <= 95,
                digits.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
            else { return nil }
            self = .fingerprint(digits)
        }
    }

    /// What `init` takes.
    package var text: String {
        switch self {
        case .system: "system"
        case .any: "any"
        case .fingerprint(let digits): digits
        }
    }

    /// What a text must be, as the end of a sentence about it.
    package static let rule = "must be `system`, `any` or the 64 digits of a certificate's SHA-256"
}
