import Crypto
import CryptoExtras
import Domain
import Foundation
import Synchronization
import Testing

@testable import API

/// What an issuer's token must be, part by part.
struct OIDCTokenTests {
    private static let issuer = "https://sso.example.org/realms/main"
    private static let settings = OIDCSettings(
        issuer: issuer, clientID: "vedette", clientSecret: "s&cret",
        redirectURL: "https://v.example/v1/auth/oidc/callback",
        rolesClaim: "realm.roles")

    private static func encoded(_ value: [String: Any]) throws -> String {
        Base64URL.encode(try JSONSerialization.data(withJSONObject: value))
    }

    private static func signed(
        _ claims: [String: Any], _ key: P256.Signing.PrivateKey, header: [String: Any] = ["alg": "ES256", "kid": "a"]
    ) throws -> String {
        let text = try encoded(header) + "." + encoded(claims)
        return text + "." + Base64URL.encode(try key.signature(for: Data(text.utf8)).rawRepresentation)
    }

    private static func json(_ key: P256.Signing.PublicKey, id: String = "a", _ more: [String: Any] = [:]) -> [String:
        Any]
    {
        let point = key.rawRepresentation
        return [
            "kty": "EC", "crv": "P-256", "kid": id, "x": Base64URL.encode(point.prefix(32)),
            "y": Base64URL.encode(point.suffix(32)),
        ].merging(more) { $1 }
    }

    private static func keys(_ keys: [[String: Any]]) throws -> [JSONWebKey] {
        try JSONDecoder().decode([JSONWebKey].self, from: JSONSerialization.data(withJSONObject: keys))
    }

    private static func claims(_ now: Double) -> [String: Any] {
        [
            "iss": issuer, "aud": "vedette", "sub": "42", "exp": now + 300, "iat": now, "nonce": "n1",
            "email": "Anna@example.org", "email_verified": true, "realm": ["roles": ["a", "b"]],
        ]
    }

    // MARK: Signatures

    @Test func `a token is believed with a signature of the issuer's key, and nothing else`() throws {
        let key = P256.Signing.PrivateKey()
        let rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let primitives = try rsa.publicKey.getKeyPrimitives()
        let rsaKey: [String: Any] = [
            "kty": "RSA", "kid": "r", "n": Base64URL.encode(primitives.modulus),
            "e": Base64URL.encode(primitives.publicExponent),
        ]
        let known = try Self.keys([Self.json(key.publicKey), rsaKey])
        let good = try Self.signed(Self.claims(0), key)
        #expect(try JSONWebToken(good).claims(signedBy: known)["sub"] == .text("42"))

        let text = try Self.encoded(["alg": "RS256", "kid": "r"]) + "." + Self.encoded(Self.claims(0))
        let digest = SHA256.hash(data: Data(text.utf8))
        let signature = try rsa.signature(for: digest, padding: .insecurePKCS1v1_5).rawRepresentation
        #expect(
            try JSONWebToken(text + "." + Base64URL.encode(signature)).claims(signedBy: known)["sub"] == .text("42"))
        let pss = try rsa.signature(for: digest, padding: .PSS).rawRepresentation

        let parts = good.split(separator: ".").map(String.init)
        var flipped = try #require(Base64URL.decode(parts[2]))
        flipped[10] ^= 1
        let other = try Self.signed(Self.claims(0), P256.Signing.PrivateKey())
        for bad in [
            parts[0] + "." + (try Self.encoded(["sub": "1"])) + "." + parts[2],
            parts[0] + "." + parts[1] + "." + Base64URL.encode(flipped), parts[0] + "." + parts[1] + ".", other,
            text + "." + Base64URL.encode(pss), text + "." + parts[2],
            try Self.encoded(["alg": "ES256", "kid": "b"]) + "." + parts[1] + "." + parts[2],
        ] {
            #expect(throws: JSONWebToken.Refusal.self, "\(bad)") { try JSONWebToken(bad).claims(signedBy: known) }
        }
        // A key for something else, of another curve, or for another algorithm.
        for keys in [
            [], [Self.json(key.publicKey, ["use": "enc"])], [Self.json(key.publicKey, ["crv": "P-384"])],
            [Self.json(key.publicKey, ["alg": "RS256"])], [Self.json(key.publicKey, ["kty": "RSA"])], [rsaKey],
            [Self.json(key.publicKey, ["x": "AAAA"])],
        ] {
            let keys = try Self.keys(keys)
            #expect(throws: JSONWebToken.Refusal.self) { try JSONWebToken(good).claims(signedBy: keys) }
        }
    }

    @Test func `no signature, a shared secret, critical extensions and what is no token are refused unread`() throws {
        let key = P256.Signing.PrivateKey()
        let body = try Self.encoded(Self.claims(0))
        for header: [String: Any] in [
            ["alg": "none"], ["alg": "None"], ["alg": "HS256"], ["alg": "ES384"], ["alg": "es256"], ["alg": ""],
            ["typ": "JWT"],
            ["alg": "ES256", "crit": ["b64"], "b64": false],
        ] {
            #expect(throws: JSONWebToken.Refusal.self, "\(header)") {
                try JSONWebToken(try Self.signed(Self.claims(0), key, header: header))
            }
        }
        let none = try Self.encoded(["alg": "none"])
        for text in [
            "", ".", "..", "a.b", "a.b.c", "\(none).\(body).", "\(none).\(body)", "a.b.c.d", "é.é.é",
            String(repeating: "a", count: 70_000),
        ] {
            #expect(throws: JSONWebToken.Refusal.self, "\(text.prefix(40))") { try JSONWebToken(text) }
        }
    }

    // MARK: Claims

    @Test func `claims say who somebody is`() throws {
        let now = WallTime(secondsSinceEpoch: 1_777_629_605)
        let person = try Self.person(Self.claims(now.secondsSinceEpoch), now)
        #expect(person.identity == OutsideIdentity(issuer: Self.issuer, subject: "42"))
        #expect(person.name == "anna@example.org" && person.isNameVerified && person.groups == ["a", "b"])
        var few = Self.claims(now.secondsSinceEpoch)
        few["email_verified"] = nil
        few["realm"] = nil
        few["realm.roles"] = "one"
        few["aud"] = ["vedette"]
        let other = try Self.person(few, now)
        #expect(!other.isNameVerified && other.groups == ["one"])
        few["aud"] = ["vedette", "x"]
        few["azp"] = "vedette"
        _ = try Self.person(few, now)
    }

    @Test(arguments: [
        "iss", "aud", "sub", "exp", "iat", "nonce", "email",
    ])
    func `a token without what it must say is refused`(name: String) throws {
        let now = WallTime(secondsSinceEpoch: 1_777_629_605)
        var claims = Self.claims(now.secondsSinceEpoch)
        claims[name] = nil
        #expect(throws: OIDCProvider.Refusal.self) { try Self.person(claims, now) }
        claims[name] = ["x": 1]
        #expect(throws: OIDCProvider.Refusal.self) { try Self.person(claims, now) }
    }

    @Test func `a token of others, for others, of another time or another sign-in is refused`() throws {
        let now = WallTime(secondsSinceEpoch: 1_777_629_605)
        let at = now.secondsSinceEpoch
        for (name, value) in [
            ("iss", Self.issuer + "/"), ("aud", "else"), ("aud", ["else"]), ("aud", ["vedette", "else"]),
            ("azp", "else"),
            ("exp", at - 61), ("exp", "\(at + 300)"), ("nbf", at + 61), ("iat", at + 61), ("nbf", "now"),
            ("nonce", "n2"),
            ("sub", ""), ("sub", String(repeating: "s", count: 256)), ("email_verified", false),
        ] as [(String, Any)] {
            var claims = Self.claims(at)
            claims[name] = value
            #expect(throws: OIDCProvider.Refusal.self, "\(name): \(value)") { try Self.person(claims, now) }
        }
        // Clocks may be a little apart.
        for (name, value) in [("exp", at - 59), ("nbf", at + 59), ("iat", at + 59)] {
            var claims = Self.claims(at)
            claims[name] = value
            _ = try Self.person(claims, now)
        }
    }

    private static func person(_ claims: [String: Any], _ now: WallTime) throws -> OIDCPerson {
        let values = try JSONDecoder().decode(
            [String: JSONValue].self, from: JSONSerialization.data(withJSONObject: claims))
        return try OIDCClaims(claims: values, settings: settings).person(nonce: "n1", at: now)
    }

    // MARK: The issuer

    /// An issuer in the form of a function.
    private final class Doors: Sendable {
        let key = Mutex(P256.Signing.PrivateKey())
        let id = Mutex("a")
        let asked = Mutex<[String]>([])
        let configuration = Mutex<[String: String]>([
            "issuer": issuer, "authorization_endpoint": "https://sso.example.org/auth?x=1",
            "token_endpoint": "https://sso.example.org/token", "jwks_uri": "https://sso.example.org/keys",
        ])
        let clock: TestClock
        init(_ clock: TestClock) { self.clock = clock }

        func answer(_ request: OIDCRequest) throws -> (status: Int, body: [UInt8]) {
            asked.withLock { $0.append(String(request.url.split(separator: "/").last ?? "")) }
            let (key, id) = (key.withLock { $0 }, id.withLock { $0 })
            switch request.url {
            case issuer + "/.well-known/openid-configuration":
                return (200, [UInt8](try JSONSerialization.data(withJSONObject: configuration.withLock { $0 })))
            case "https://sso.example.org/keys":
                return (
                    200, [UInt8](try JSONSerialization.data(withJSONObject: ["keys": [json(key.publicKey, id: id)]]))
                )
            default:
                let expected = Data("vedette:s%26cret".utf8).base64EncodedString()
                #expect(request.headers.contains { $0.name == "Authorization" && $0.value == "Basic \(expected)" })
                #expect(
                    request.form?.contains("code=c%2F1&") == true && request.form?.contains("code_verifier=v1") == true)
                let token = try signed(
                    OIDCTokenTests.claims(clock.now.secondsSinceEpoch), key, header: ["alg": "ES256", "kid": id])
                return (200, [UInt8](try JSONSerialization.data(withJSONObject: ["id_token": token])))
            }
        }
    }

    @Test func `the issuer is asked for its doors and keys once, and again when its key is not known`() async throws {
        let clock = TestClock()
        clock.stop()
        let doors = Doors(clock)
        let provider = OIDCProvider(Self.settings, clock: clock) { try doors.answer($0) }
        let address = try await provider.address(
            state: "s1", nonce: "n1", verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        #expect(address.hasPrefix("https://sso.example.org/auth?x=1&response_type=code&client_id=vedette&"))
        // RFC 7636, appendix B.
        #expect(
            address.contains("&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"))
        #expect(address.contains("&state=s1&nonce=n1&") && address.contains("scope=openid%20email"))
        for _ in 0..<2 {
            #expect(try await provider.person(for: "c/1", nonce: "n1", verifier: "v1").name == "anna@example.org")
        }
        #expect(doors.asked.withLock { $0 } == ["openid-configuration", "token", "keys", "token"])
        // A new key: not looked for more often than every ten seconds.
        doors.key.withLock { $0 = P256.Signing.PrivateKey() }
        doors.id.withLock { $0 = "b" }
        await #expect(throws: OIDCProvider.Refusal.self) {
            try await provider.person(for: "c/1", nonce: "n1", verifier: "v1")
        }
        clock.advance(11)
        #expect(try await provider.person(for: "c/1", nonce: "n1", verifier: "v1").name == "anna@example.org")
        #expect(doors.asked.withLock { $0.filter { $0 == "keys" }.count } == 2)
    }

    @Test(arguments: [
        ["issuer": "https://sso.example.org"], ["token_endpoint": "http://sso.example.org/token"],
        ["jwks_uri": "http://sso.example.org/keys"], ["authorization_endpoint": "javascript:alert(1)"],
    ])
    func `an issuer that calls itself otherwise, or does without TLS, is refused`(change: [String: String]) async throws
    {
        let clock = TestClock()
        let doors = Doors(clock)
        doors.configuration.withLock { $0.merge(change) { $1 } }
        let provider = OIDCProvider(Self.settings, clock: clock) { try doors.answer($0) }
        await #expect(throws: OIDCProvider.Refusal.self) {
            try await provider.address(state: "s1", nonce: "n1", verifier: "v1")
        }
    }

    // MARK: Sign-ins that were begun

    @Test func `a sign-in ends once, in the browser that began it, within ten minutes`() {
        let pending = PendingSignIns()
        let now = WallTime(secondsSinceEpoch: 1_777_629_605)
        let (state, begun) = pending.begin(at: now)
        #expect(pending.take(state, browser: "another", at: now) == nil)
        #expect(pending.take("x", browser: begun.browser, at: now) == nil)
        #expect(pending.take(state, browser: begun.browser, at: now.advanced(bySeconds: 599))?.nonce == begun.nonce)
        #expect(pending.take(state, browser: begun.browser, at: now) == nil)
        let (late, other) = pending.begin(at: now)
        #expect(pending.take(late, browser: other.browser, at: now.advanced(bySeconds: 600)) == nil)
        // No more are kept than fit; the oldest go.
        let (first, one) = pending.begin(at: now)
        var last: (state: String, PendingSignIns.Begun)?
        for _ in 0..<1000 { last = pending.begin(at: now.advanced(bySeconds: 1)) }
        #expect(pending.take(first, browser: one.browser, at: now) == nil)
        #expect(last.flatMap { pending.take($0.state, browser: $0.1.browser, at: now) } != nil)
    }
}
