import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Synchronization

/// Sign-in with an OpenID Connect issuer: authorization code with PKCE. Not there unless it is configured.
struct OIDCRoutes {
    let provider: OIDCProvider?
    let accounts: Accounts
    let clock: any WallClock
    private let pending = PendingSignIns()
    static let cookie = "vedette_oidc"

    init(provider: OIDCProvider?, accounts: Accounts, clock: any WallClock) {
        self.provider = provider
        self.accounts = accounts
        self.clock = clock
    }

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/auth/oidc/login") { request, context in
            let query = QueryReader(request)
            try query.finish()
            let provider = try configured()
            let (state, begun) = pending.begin(at: clock.now)
            let address: String
            do {
                address = try await provider.address(state: state, nonce: begun.nonce, verifier: begun.verifier)
            } catch {
                context.logger.warning("sign-in with the issuer cannot begin", metadata: ["error": "\(error)"])
                throw Problem(.unavailable, "the issuer cannot be reached now; sign in with a password")
            }
            var headers: HTTPFields = [.location: address, .cacheControl: "no-store"]
            Cookies.add("\(Self.cookie)=\(begun.browser); Path=/v1/auth/oidc; Max-Age=600", to: &headers, for: request)
            return Response(status: .seeOther, headers: headers)
        }
        router.get("/v1/auth/oidc/callback") { request, context in
            try await callback(request, context)
        }
    }

    private func configured() throws -> OIDCProvider {
        guard let provider else { throw Problem(.notFound, "no issuer is configured (oidc.issuer)") }
        return provider
    }

    private func callback(_ request: Request, _ context: VedetteContext) async throws -> Response {
        let provider = try configured()
        func parameter(_ name: Substring) -> String? { request.uri.queryParameters[name].map(String.init) }
        // Issuers add parameters of their own, so unknown ones are no mistake here.
        guard let state = parameter("state"), let cookie = request.cookies[Self.cookie],
            let begun = pending.take(state, browser: String(cookie.value), at: clock.now)
        else { throw Problem(.unauthorized, "this sign-in was not begun in this browser, or too long ago; begin again") }
        guard let code = parameter("code"), !code.isEmpty, code.utf8.count <= 4096 else {
            throw Problem(.unauthorized, "the issuer did not sign you in")
        }
        let name: String
        do {
            name = try await provider.name(for: code, nonce: begun.nonce, verifier: begun.verifier)
        } catch let refusal as OIDCProvider.Refusal {
            context.logger.notice("a sign-in with the issuer was refused", metadata: ["reason": "\(refusal)"])
            throw Problem(.unauthorized, "the issuer's answer was refused: \(refusal)")
        } catch {
            context.logger.warning("the issuer does not answer", metadata: ["error": "\(error)"])
            throw Problem(.unavailable, "the issuer cannot be reached now; sign in with a password")
        }
        let (principal, tokens) = try await accounts.signIn(
            vouchedFor: name, newUserRole: provider.settings.newUserRole, address: context.address)
        await accounts.record("sign-in", request.uri.path, by: principal, status: 303, context)
        var headers: HTTPFields = [.location: "/", .cacheControl: "no-store"]
        Cookies.set(tokens, on: &headers, for: request)
        Cookies.add("\(Self.cookie)=; Path=/v1/auth/oidc; Max-Age=0", to: &headers, for: request)
        return Response(status: .seeOther, headers: headers)
    }
}

/// Sign-ins that were begun and not ended: kept here and not in the browser, which holds only a random word that belongs to one.
final class PendingSignIns: Sendable {
    struct Begun: Sendable {
        /// Ties the answer to the browser that asked.
        var browser: String
        var nonce: String
        /// RFC 7636 §4.1.
        var verifier: String
        var at: WallTime
    }
    private static let memorySeconds = 600.0
    private static let most = 1000
    private let begun = Mutex<[String: Begun]>([:])

    func begin(at now: WallTime) -> (state: String, Begun) {
        let state = Secrets.make()
        let one = Begun(browser: Secrets.make(), nonce: Secrets.make(), verifier: Secrets.make(), at: now)
        begun.withLock { begun in
            if begun.count >= Self.most {
                begun = begun.filter { now.seconds(since: $0.value.at) < Self.memorySeconds }
            }
            if begun.count >= Self.most, let oldest = begun.min(by: { $0.value.at < $1.value.at }) {
                begun[oldest.key] = nil
            }
            begun[state] = one
        }
        return (state, one)
    }

    /// Once; nil for what was not begun, in another browser, or too long ago.
    func take(_ state: String, browser: String, at now: WallTime) -> Begun? {
        begun.withLock { begun in
            guard let one = begun[state], one.browser == browser else { return nil }
            begun[state] = nil
            return now.seconds(since: one.at) < Self.memorySeconds ? one : nil
        }
    }
}
