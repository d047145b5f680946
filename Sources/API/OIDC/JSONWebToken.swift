import Crypto
import CryptoExtras
import Foundation

/// A token in three parts (RFC 7515 §7.1), whose signature is checked before anything in it is believed. Only RS256 and ES256.
struct JSONWebToken {
    struct Refusal: Error, CustomStringConvertible {
        var description: String
    }
    enum Algorithm: String { case rs256 = "RS256", es256 = "ES256" }

    private struct Header: Decodable {
        var alg: String
        var kid: String?
        var crit: [String]?
    }

    let algorithm: Algorithm
    let keyID: String?
    private let signed: Data
    private let signature: Data
    private let payload: Data

    /// Nothing in it is checked yet.
    init(_ text: String) throws(Refusal) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 64 << 10, parts.count == 3, let head = Base64URL.decode(parts[0]),
            let payload = Base64URL.decode(parts[1]), let signature = Base64URL.decode(parts[2]),
            let header = try? JSONDecoder().decode(Header.self, from: head)
        else { throw Refusal(description: "the token is not of three parts") }
        guard let algorithm = Algorithm(rawValue: header.alg), header.crit == nil else {
            throw Refusal(description: "the token is signed as \(header.alg.prefix(20)), not as RS256 or ES256")
        }
        self.algorithm = algorithm
        keyID = header.kid
        self.payload = payload
        self.signature = signature
        signed = Data("\(parts[0]).\(parts[1])".utf8)
    }

    /// What it says, if one of the keys signed it.
    func claims(signedBy keys: [JSONWebKey]) throws(Refusal) -> [String: JSONValue] {
        guard keys.contains(where: { $0.verifies(signature, of: signed, algorithm) }) else {
            throw Refusal(description: "the token's signature is not of one of the issuer's keys")
        }
        guard case .object(let claims)? = try? JSONDecoder().decode(JSONValue.self, from: payload) else {
            throw Refusal(description: "the token does not hold a JSON object")
        }
        return claims
    }
}

/// A public key as RFC 7517 writes it.
struct JSONWebKey: Decodable, Sendable {
    var kty: String
    var kid: String?
    var use: String?
    var alg: String?
    var crv: String?
    var n: String?
    var e: String?
    var x: String?
    var y: String?

    /// False for a key of another kind or for another use, too.
    func verifies(_ signature: Data, of signed: Data, _ algorithm: JSONWebToken.Algorithm) -> Bool {
        guard use ?? "sig" == "sig", alg.map({ $0 == algorithm.rawValue }) ?? true else { return false }
        switch algorithm {
        case .rs256:
            // Keys of less than 2048 bits are refused by the library.
            guard kty == "RSA", let n = n.flatMap(Base64URL.decode), let e = e.flatMap(Base64URL.decode),
                let key = try? _RSA.Signing.PublicKey(n: n, e: e)
            else { return false }
            return key.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: signature), for: SHA256.hash(data: signed),
                padding: .insecurePKCS1v1_5)
        case .es256:
            guard kty == "EC", crv == "P-256", let x = x.flatMap(Base64URL.decode), let y = y.flatMap(Base64URL.decode),
                let key = try? P256.Signing.PublicKey(rawRepresentation: x + y),
                let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature)
            else { return false }
            return key.isValidSignature(signature, for: SHA256.hash(data: signed))
        }
    }
}

/// Base64 for URLs, without padding (RFC 4648 §5).
enum Base64URL {
    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    static func decode(_ text: some StringProtocol) -> Data? {
        guard !text.contains("+"), !text.contains("/"), !text.contains("=") else { return nil }
        var padded = String(text).replacing("-", with: "+").replacing("_", with: "/")
        padded += String(repeating: "=", count: (4 - padded.utf8.count % 4) % 4)
        return Data(base64Encoded: padded)
    }
}
