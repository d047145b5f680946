import Crypto
import Domain
import Foundation

/// The issuer: where its doors are, its keys, and what it says of somebody.
package actor OIDCProvider {
    struct Refusal: Error, CustomStringConvertible { var description: String }

    private struct Discovery: Decodable {
        var issuer: String
        var authorization_endpoint: String
        var token_endpoint: String
        var jwks_uri: String
    }
    private struct KeySet: Decodable { var keys: [JSONWebKey] }
    private struct Tokens: Decodable { var id_token: String }

    nonisolated package let settings: OIDCSettings
    private let fetch: OIDCFetch
    private let clock: any WallClock
    private var discovery: (found: Discovery, at: WallTime)?
    private var keys: (found: [JSONWebKey], at: WallTime)?

    private static let discoverySeconds = 3600.0
    private static let keysSeconds = 3600.0
    /// A key that is not known makes us look again, but not for every token that somebody makes up.
    private static let keysAgainSeconds = 10.0

    package init(_ settings: OIDCSettings, clock: any WallClock, fetch: @escaping OIDCFetch) {
        self.settings = settings
        self.clock = clock
        self.fetch = fetch
    }

    /// Where a browser goes to sign in.
    func address(state: String, nonce: String, verifier: String) async throws -> String {
        let door = try await discover().authorization_endpoint
        let challenge = Base64URL.encode(SHA256.hash(data: Data(verifier.utf8)))
        let query = Self.encoded([
            ("response_type", "code"), ("client_id", settings.clientID), ("redirect_uri", settings.redirectURL),
            ("scope", settings.scopes.joined(separator: " ")), ("state", state), ("nonce", nonce),
            ("code_challenge", challenge), ("code_challenge_method", "S256"),
        ])
        return door + (door.contains("?") ? "&" : "?") + query
    }

    /// Who a code is for. Throws `Refusal` with words that hold no secret.
    func person(for code: String, nonce: String, verifier: String) async throws -> OIDCPerson {
        let claims = try await claims(of: try await idToken(for: code, verifier: verifier))
        return try OIDCClaims(claims: claims, settings: settings).person(nonce: nonce, at: clock.now)
    }

    private func idToken(for code: String, verifier: String) async throws -> String {
        var form = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", settings.redirectURL),
            ("code_verifier", verifier),
        ]
        var headers = [(name: "Accept", value: "application/json")]
        if let secret = settings.clientSecret {
            // Both are encoded before they are joined (RFC 6749 §2.3.1).
            let pair = Self.encoded(settings.clientID) + ":" + Self.encoded(secret)
            headers.append((name: "Authorization", value: "Basic " + Data(pair.utf8).base64EncodedString()))
        } else {
            form.append(("client_id", settings.clientID))
        }
        headers.append((name: "Content-Type", value: "application/x-www-form-urlencoded"))
        let door = try await discover().token_endpoint
        let (status, body) = try await fetch(OIDCRequest(url: door, headers: headers, form: Self.encoded(form)))
        guard status == 200, let tokens = try? JSONDecoder().decode(Tokens.self, from: Data(body)) else {
            throw Refusal(description: "the issuer did not take the code (status \(status))")
        }
        return tokens.id_token
    }

    private func claims(of text: String) async throws -> [String: JSONValue] {
        let token: JSONWebToken
        do { token = try JSONWebToken(text) } catch { throw Refusal(description: "\(error)") }
        for isLast in [false, true] {
            let found = try await keys(again: isLast)
            // Without a name every key may be meant.
            let named = token.keyID.map { id in found.filter { $0.kid == id } } ?? found
            do { return try token.claims(signedBy: named) } catch {
                if isLast { throw Refusal(description: "\(error)") }
            }
        }
        throw Refusal(description: "the token's signature cannot be checked")
    }

    private func keys(again: Bool) async throws -> [JSONWebKey] {
        if let keys, clock.now.seconds(since: keys.at) < (again ? Self.keysAgainSeconds : Self.keysSeconds) {
            return keys.found
        }
        let found: KeySet = try await read(try await discover().jwks_uri, "keys")
        let first = Array(found.keys.prefix(64))
        keys = (first, clock.now)
        return first
    }

    private func discover() async throws -> Discovery {
        if let discovery, clock.now.seconds(since: discovery.at) < Self.discoverySeconds { return discovery.found }
        let base = settings.issuer.hasSuffix("/") ? String(settings.issuer.dropLast()) : settings.issuer
        let found: Discovery = try await read(base + "/.well-known/openid-configuration", "configuration")
        guard found.issuer == settings.issuer else {
            throw Refusal(description: "the issuer calls itself otherwise than oidc.issuer does")
        }
        for door in [found.authorization_endpoint, found.token_endpoint, found.jwks_uri]
        where !door.hasPrefix("https://") && !settings.issuer.hasPrefix("http://") {
            throw Refusal(description: "the issuer names an address without TLS")
        }
        discovery = (found, clock.now)
        return found
    }

    private func read<Value: Decodable>(_ url: String, _ what: String) async throws -> Value {
        let (status, body) = try await fetch(
            OIDCRequest(url: url, headers: [(name: "Accept", value: "application/json")], form: nil))
        guard status == 200, let value = try? JSONDecoder().decode(Value.self, from: Data(body)) else {
            throw Refusal(description: "the issuer's \(what) cannot be read (status \(status))")
        }
        return value
    }

    private static func encoded(_ pairs: [(String, String)]) -> String {
        pairs.map { "\($0)=\(encoded($1))" }.joined(separator: "&")
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain =
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "-._~".utf8.contains(byte)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + Secrets.hexadecimal([byte]).uppercased()
        }.joined()
    }
}
