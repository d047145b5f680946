import Crypto
import CryptoExtras
import Foundation
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// An OpenID Connect issuer on loopback that signs with real keys, and misbehaves where it is told to.
final class Issuer: Sendable {
    enum Mood: String, Sendable, CaseIterable {
        case es256, rs256, newKey
        // What must be refused.
        case otherIssuer, otherAudience, manyAudiences, expired, notYet, otherNonce, otherKey, unsigned, symmetric,
            changed
        case unverified, nobody, garbage
    }
    static let clientID = "vedette"
    static let secret = "oidc-s3cret-e7c1 &=+"

    private struct State {
        var mood = Mood.es256
        var user = "anna@example.org"
        var subject = "1"
        var groups: [String] = []
        /// By code: PKCE challenge, nonce, address to come back to.
        var codes: [String: (challenge: String, nonce: String, redirect: String)] = [:]
        var elliptic = P256.Signing.PrivateKey()
        var keyNumber = 1
        /// Requests of the token door that were refused, for their reasons.
        var refusals: [String] = []
    }
    private let state: Mutex<State>
    private let rsa: _RSA.Signing.PrivateKey
    let base: String
    private let running: Task<Void, any Error>

    var refusals: [String] { state.withLock { $0.refusals } }
    func become(_ mood: Mood, user: String = "anna@example.org", subject: String = "1", groups: [String] = []) {
        state.withLock { state in
            state.mood = mood
            (state.user, state.subject, state.groups) = (user, subject, groups)
            if mood == .newKey {
                state.elliptic = P256.Signing.PrivateKey()
                state.keyNumber += 1
            }
        }
    }
    func stop() { running.cancel() }

    /// Listens on a free port.
    static func start() async throws -> Issuer {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let box = Mutex<Issuer?>(nil)
        let shared = Box(box)
        let router = Router()
        let application = Application(
            router: Self.routes(router, shared), configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in port.yield(channel.localAddress?.port ?? 0) },
            logger: Logger(label: "test.issuer"))
        let task = Task { try await application.runService(gracefulShutdownSignals: []) }
        var iterator = ports.makeAsyncIterator()
        guard let number = await iterator.next() else { throw VedetteProcess.Failure(description: "no issuer") }
        let issuer = Issuer(base: "http://127.0.0.1:\(number)", running: task, rsa: try .init(keySize: .bits2048))
        shared.set(issuer)
        return issuer
    }

    private init(base: String, running: Task<Void, any Error>, rsa: _RSA.Signing.PrivateKey) {
        self.base = base
        self.running = running
        self.rsa = rsa
        state = Mutex(State())
    }

    /// The issuer knows its address only when it listens.
    private final class Box: Sendable {
        private let value: Mutex<Issuer?>
        init(_ value: consuming Mutex<Issuer?>) { self.value = value }
        func set(_ issuer: Issuer) { value.withLock { $0 = issuer } }
        var issuer: Issuer {
            get throws {
                guard let issuer = value.withLock({ $0 }) else { throw HTTPError(.serviceUnavailable) }
                return issuer
            }
        }
    }

    private static func routes(_ router: Router<BasicRequestContext>, _ box: Box) -> Router<BasicRequestContext> {
        router.get("/.well-known/openid-configuration") { _, _ in
            let base = try box.issuer.base
            return try json([
                "issuer": base, "authorization_endpoint": base + "/authorize", "token_endpoint": base + "/token",
                "jwks_uri": base + "/keys",
            ])
        }
        router.get("/keys") { _, _ in try json(try box.issuer.keys()) }
        router.get("/authorize") { request, _ in
            Response(status: .seeOther, headers: [.location: try box.issuer.authorize(request)])
        }
        router.post("/token") { request, _ in
            let body = String(buffer: try await request.body.collect(upTo: 1 << 16))
            guard let token = try box.issuer.token(body, request.headers[.authorization]) else {
                return Response(status: .badRequest)
            }
            return try json(["id_token": token, "access_token": "x", "token_type": "Bearer"])
        }
        return router
    }

    private static func json(_ value: [String: Any]) throws -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: try JSONSerialization.data(withJSONObject: value))))
    }

    private static func base64(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private func keys() throws -> [String: Any] {
        let (elliptic, number) = state.withLock { ($0.elliptic, $0.keyNumber) }
        let point = elliptic.publicKey.rawRepresentation
        let rsa = try self.rsa.publicKey.getKeyPrimitives()
        return [
            "keys": [
                [
                    "kty": "EC", "crv": "P-256", "kid": "ec\(number)", "use": "sig", "alg": "ES256",
                    "x": Self.base64(point.prefix(32)), "y": Self.base64(point.suffix(32)),
                ],
                [
                    "kty": "RSA", "kid": "rsa", "use": "sig", "n": Self.base64(rsa.modulus),
                    "e": Self.base64(rsa.publicExponent),
                ],
            ]
        ]
    }

    private func authorize(_ request: Request) throws -> String {
        func parameter(_ name: Substring) -> String { request.uri.queryParameters[name].map(String.init) ?? "" }
        guard parameter("response_type") == "code", parameter("client_id") == Self.clientID,
            parameter("code_challenge_method") == "S256", parameter("scope").contains("openid")
        else { throw HTTPError(.badRequest) }
        let code = UUID().uuidString
        state.withLock {
            $0.codes[code] = (parameter("code_challenge"), parameter("nonce"), parameter("redirect_uri"))
        }
        return "\(parameter("redirect_uri"))?code=\(code)&state=\(parameter("state"))&iss=\(base)"
    }

    private func token(_ body: String, _ authorization: String?) throws -> String? {
        var form: [String: String] = [:]
        for pair in body.split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1).map { String($0).removingPercentEncoding ?? "" }
            if sides.count == 2 { form[sides[0]] = sides[1] }
        }
        let pair = Self.clientID + ":" + "oidc-s3cret-e7c1%20%26%3D%2B"
        guard authorization == "Basic " + Data(pair.utf8).base64EncodedString() else { return refuse("secret") }
        guard let code = form["code"], let begun = state.withLock({ $0.codes.removeValue(forKey: code) }) else {
            return refuse("code")
        }
        guard begun.redirect == form["redirect_uri"], form["grant_type"] == "authorization_code" else {
            return refuse("redirect")
        }
        guard begun.challenge == Self.base64(SHA256.hash(data: Data((form["code_verifier"] ?? "").utf8))) else {
            return refuse("verifier")
        }
        return try signed(begun.nonce)
    }

    private func refuse(_ reason: String) -> String? {
        state.withLock { $0.refusals.append(reason) }
        return nil
    }

    private func signed(_ nonce: String) throws -> String {
        let (mood, user, elliptic, number) = state.withLock { ($0.mood, $0.user, $0.elliptic, $0.keyNumber) }
        let (subject, groups) = state.withLock { ($0.subject, $0.groups) }
        let now = Date().timeIntervalSince1970.rounded()
        var claims: [String: Any] = [
            "iss": base, "aud": Self.clientID, "sub": subject, "exp": now + 300, "iat": now, "nonce": nonce,
            "email": user,
            "email_verified": true, "realm_access": ["roles": groups],
        ]
        var header: [String: Any] = ["alg": "ES256", "kid": "ec\(number)", "typ": "JWT"]
        switch mood {
        case .es256, .newKey, .changed, .otherKey, .garbage: break
        case .rs256: header = ["alg": "RS256", "kid": "rsa"]
        case .otherIssuer: claims["iss"] = base + "/"
        case .otherAudience: claims["aud"] = "somebody"
        case .manyAudiences: claims["aud"] = [Self.clientID, "somebody"]
        case .expired: claims["exp"] = now - 120
        case .notYet: claims["nbf"] = now + 600
        case .otherNonce: claims["nonce"] = "x"
        case .unverified: claims["email_verified"] = false
        case .nobody: claims["email"] = nil
        case .unsigned: header = ["alg": "none"]
        case .symmetric: header = ["alg": "HS256", "kid": "rsa"]
        }
        let text =
            Self.base64(try JSONSerialization.data(withJSONObject: header)) + "."
            + Self.base64(try JSONSerialization.data(withJSONObject: claims))
        let signature: Data
        switch mood {
        case .rs256:
            signature = try rsa.signature(
                for: SHA256.hash(data: Data(text.utf8)), padding: .insecurePKCS1v1_5
            ).rawRepresentation
        case .unsigned: signature = Data()
        case .symmetric:
            // The public key taken for a shared secret.
            signature = Data(
                HMAC<SHA256>.authenticationCode(
                    for: Data(text.utf8), using: SymmetricKey(data: try rsa.publicKey.getKeyPrimitives().modulus)))
        case .otherKey:
            signature = try P256.Signing.PrivateKey().signature(for: SHA256.hash(data: Data(text.utf8)))
                .rawRepresentation
        default:
            signature = try elliptic.signature(for: SHA256.hash(data: Data(text.utf8))).rawRepresentation
        }
        if mood == .garbage { return "a.b" }
        if mood == .changed {
            claims["email"] = "owner@example.org"
            let parts = text.split(separator: ".")
            return
                "\(parts[0]).\(Self.base64(try JSONSerialization.data(withJSONObject: claims))).\(Self.base64(signature))"
        }
        return text + "." + Self.base64(signature)
    }
}
