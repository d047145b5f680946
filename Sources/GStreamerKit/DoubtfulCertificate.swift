/// A TLS certificate that does not pass.
package struct DoubtfulCertificate: Sendable, Hashable {
    /// Why not.
    package enum Flaw: UInt32, Sendable, CaseIterable {
        // The bits of GTlsCertificateFlags.
        case unknownAuthority = 1
        case otherName = 2
        case notYetValid = 4
        case expired = 8
        case revoked = 16
        case weak = 32
        case other = 64
    }

    /// SHA-256 of the certificate, 64 digits in lower case.
    package var sha256: String
    package var flaws: [Flaw]

    package init(sha256: String, flaws: UInt32) {
        self.sha256 = sha256
        self.flaws = Flaw.allCases.filter { flaws & $0.rawValue != 0 }
    }
}
