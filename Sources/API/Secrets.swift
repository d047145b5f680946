import Crypto
import Foundation

/// Random secrets and their hashes.
package enum Secrets {
    /// 256 random bits in hexadecimal.
    package static func make() -> String {
        SymmetricKey(size: .bits256).withUnsafeBytes { hexadecimal($0) }
    }

    /// SHA-256, which is enough for what holds 256 random bits; passwords go through `PasswordHasher`.
    static func hash(_ text: some StringProtocol) -> [UInt8] { Array(SHA256.hash(data: Data(text.utf8))) }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    /// Of an access token, a refresh token and an API key, so that a leaked one is known for what it is.
    static let accessPrefix = "vda_"
    static let refreshPrefix = "vdr_"
    static let keyPrefix = "vdk_"
}
