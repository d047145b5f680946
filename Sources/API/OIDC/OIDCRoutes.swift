import Domain
import HTTPTypes
import Hummingbird

/// Sign-in with an OpenID Connect issuer: authorization code with PKCE. Not there unless it is configured.
struct OIDCRoutes {
    private struct Methods: Encodable {
        struct OIDC: Encodable, Sendable {
            var label: String
            var url = OIDCRoutes.login
        }
        @Nullable var oidc: OIDC?
    }

    let provider: OIDCProvider?
    let accounts: Accounts
    let limits: RequestLimits
    private let pending = PendingSignIns()
    private static let cookie = "vedette_oidc"
    private static let login = "/v1/auth/oidc/login"

    init(provider: OIDCProvider?, accounts: Accounts, limits: RequestLimits) {
        self.provider = provider
        self.accounts = accounts
        self.limits = limits
    }

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/auth/methods") { _, _ in
            jsonResponse(Methods(oidc: provider.map { .init(label: $0.settings.label) }))
        }
        router.get("/v1/auth/oidc/login") { request, context in
            try await forBrowsers(request) { try await begin(request, context) }
        }
        router.get("/v1/auth/oidc/callback") { request, context in
            try await forBrowsers(request) { try await end(request, context) }
        }
    }

    private func begin(_ request: Request, _ context: VedetteContext) async throws -> Response {
        let provider = try configured()
        // Who may begin may end; nothing is asked of the issuer without.
        if let wait = limits.waitAfterRefusal(of: context.address) {
            throw Problem(.rateLimited, "too many sign-ins", headers: [.retryAfter: "\(wait)"])
        }
        var query = QueryReader(request)
        try query.finish()
        let (state, begun) = pending.begin(at: accounts.clock.now)
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

    private func end(_ request: Request, _ context: VedetteContext) async throws -> Response {
        let provider = try configured()
        // Issuers add parameters of their own, so unknown ones are no mistake here.
        func parameter(_ name: Substring) -> String? { request.uri.queryParameters[name].map(String.init) }
        guard let state = parameter("state"), let cookie = request.cookies[Self.cookie],
            let begun = pending.take(state, browser: String(cookie.value), at: accounts.clock.now)
        else {
            throw Problem(.unauthorized, "this sign-in was not begun in this browser, or too long ago; begin again")
        }
        // RFC 9207.
        guard parameter("iss") ?? provider.settings.issuer == provider.settings.issuer else {
            throw Problem(.unauthorized, "the answer is of another issuer")
        }
        guard let code = parameter("code"), !code.isEmpty, code.utf8.count <= 4096 else {
            throw Problem(.unauthorized, "the issuer did not sign you in")
        }
        let person: OIDCPerson
        do {
            person = try await provider.person(for: code, nonce: begun.nonce, verifier: begun.verifier)
        } catch let refusal as OIDCProvider.Refusal {
            context.logger.notice("a sign-in with the issuer was refused", metadata: ["reason": "\(refusal)"])
            throw Problem(.unauthorized, "the issuer's answer was refused: \(refusal)")
        } catch {
            context.logger.warning("the issuer does not answer", metadata: ["error": "\(error)"])
            throw Problem(.unavailable, "the issuer cannot be reached now; sign in with a password")
        }
        let (principal, tokens): (Principal, Accounts.Tokens)
        do {
            (principal, tokens) = try await accounts.signIn(person, provider.settings)
        } catch let problem as Problem where problem.kind == .forbidden {
            context.logger.notice(
                "a sign-in with the issuer was refused",
                metadata: ["reason": "\(problem.detail)", "name": "\(person.name.prefix(100))"])
            throw problem
        }
        await accounts.record("sign-in", request.uri.path, by: principal, status: 303, context)
        var headers: HTTPFields = [.location: "/", .cacheControl: "no-store"]
        Cookies.set(tokens, on: &headers, for: request)
        Cookies.add("\(Self.cookie)=; Path=/v1/auth/oidc; Max-Age=0", to: &headers, for: request)
        return Response(status: .seeOther, headers: headers)
    }

    private func configured() throws -> OIDCProvider {
        guard let provider else { throw Problem(.notFound, "no issuer is configured (oidc.issuer)") }
        return provider
    }

    /// A browser that was sent here shows whatever comes, so refusals lead it to the page, which says what they mean.
    private func forBrowsers(_ request: Request, _ answer: () async throws -> Response) async throws -> Response {
        do {
            return try await answer()
        } catch let problem as Problem
            where request.headers[.accept]?.contains("text/html") == true && problem.kind != .notFound
        {
            return Response(
                status: .seeOther,
                headers: [.location: "/?signin=\(problem.kind.rawValue)", .cacheControl: "no-store"])
        }
    }
}
