import Crypto
import Foundation

/// The administrator's token, and the cookie that stands for it in a browser.
///
/// Neither is compared in a way that tells by its time how much of a guess was right. The cookie is an HMAC of the token,
/// so that the token itself never lies in a browser's store.
package struct AdminAccess: Sendable {
    static let cookieName = "vedette_session"
    private let tokenDigest: SHA256.Digest
    let cookieValue: String

    package init(token: String) {
        tokenDigest = SHA256.hash(data: Data(token.utf8))
        let code = HMAC<SHA256>.authenticationCode(
            for: Data("vedette session 1".utf8), using: SymmetricKey(data: Data(token.utf8)))
        cookieValue = code.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    /// A new token: 256 random bits in hexadecimal.
    package static func makeToken() -> String {
        SymmetricKey(size: .bits256).withUnsafeBytes { bytes in
            bytes.map { byte in
                let digits = String(byte, radix: 16)
                return digits.count == 1 ? "0" + digits : digits
            }.joined()
        }
    }

    func accepts(token: some StringProtocol) -> Bool {
        // Digests compare in constant time.
        SHA256.hash(data: Data(token.utf8)) == tokenDigest
    }

    func accepts(cookie: some StringProtocol) -> Bool {
        SHA256.hash(data: Data(cookie.utf8)) == SHA256.hash(data: Data(cookieValue.utf8))
    }

    /// The `Set-Cookie` value of a sign-in.
    var setCookie: String { "\(Self.cookieName)=\(cookieValue); Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000" }
    static let clearCookie = "\(cookieName)=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
}
