import Domain
import GStreamerKit

extension CertificateTrust {
    /// Why a certificate that does not pass is not taken; nil where it is.
    func refusal(of certificate: DoubtfulCertificate, at address: String) -> SourceError? {
        let flaws = certificate.flaws.map(\.words).joined(separator: ", ")
        switch self {
        case .any: return nil
        case .fingerprint(certificate.sha256): return nil
        case .fingerprint:
            return SourceError(
                .untrusted,
                "\(address) shows another certificate than the one that `certificate` names: its SHA-256 is "
                    + "\(certificate.sha256). Find out why before taking it: somebody may pose as the camera.")
        case .system:
            return SourceError(
                .untrusted,
                "The certificate of \(address) is not to be trusted: \(flaws.isEmpty ? "no reason is known" : flaws). "
                    + "Where that is how the camera comes, set its `certificate` to \(certificate.sha256).")
        }
    }
}

extension DoubtfulCertificate.Flaw {
    fileprivate var words: String {
        switch self {
        case .unknownAuthority: "no authority that this machine trusts signed it"
        case .otherName: "it is made out to another name"
        case .notYetValid: "it is not valid yet"
        case .expired: "it has expired"
        case .revoked: "it was revoked"
        case .weak: "its algorithm is too weak"
        case .other: "it is damaged"
        }
    }
}
