import Domain
import HTTPTypes
import Hummingbird

/// Signing in and out, and who one is.
struct SessionRoutes {
    struct TokensDTO: Encodable {
        var accessToken: String
        var refreshToken: String
        var tokenType = "Bearer"
        var expiresInSeconds = Int(Accounts.accessSeconds)
    }
    private struct Me: Encodable {
        var kind: String
        var name: String
        var role: String
        var organizationId: String
        @Nullable var userId: String?
        @Nullable var scopes: [String]?
    }

    let accounts: Accounts

    func addPublic(to router: some RouterMethods<VedetteContext>) {
        router.post("/v1/auth/login") { request, context in
            try Self.refuseOtherSites(request)
            var fields = try await FieldReader(request)
            if fields.has("token") {
                let token = fields.text("token", maximumLength: 256) ?? ""
                try fields.finish()
                guard let (principal, tokens) = try await accounts.signIn(key: token, address: context.address) else {
                    throw Problem(.unauthorized, "the token is not valid; it stands in `data_dir/admin-token`")
                }
                return await answer(principal, tokens, asCookie: true, request, context)
            }
            for name in ["user", "password"] where !fields.has(name) { fields.complain(name, "is needed") }
            let name = fields.text("user", maximumLength: 100) ?? ""
            let password = fields.text("password", maximumLength: 256) ?? ""
            let asCookie = fields.flag("cookie") ?? false
            try fields.finish()
            let (principal, tokens) = try await accounts.signIn(
                name: name, password: password, address: context.address)
            return await answer(principal, tokens, asCookie: asCookie, request, context)
        }
        router.post("/v1/auth/refresh") { request, context in
            try Self.refuseOtherSites(request)
            let body = try await FieldReader.body(of: request, maximumBytes: 4096)
            if let cookie = request.cookies[Cookies.refresh], body.readableBytes == 0 {
                let (_, tokens) = try await accounts.refresh(cookie.value, address: context.address)
                return response(tokens, asCookie: true, request)
            }
            var fields = try FieldReader(body)
            if !fields.has("refresh_token") { fields.complain("refresh_token", "is needed") }
            let token = fields.text("refresh_token", maximumLength: 256) ?? ""
            try fields.finish()
            let (_, tokens) = try await accounts.refresh(token, address: context.address)
            return response(tokens, asCookie: false, request)
        }
        // Public, so that a browser whose session has ended is rid of its cookies.
        router.post("/v1/auth/logout") { request, context in
            try Self.refuseOtherSites(request)
            let bearer = request.headers[.authorization].map { $0.dropFirst(7) }
            let secret = bearer ?? request.cookies[Cookies.access]?.value[...]
            if let secret, let principal = try await accounts.principal(of: secret), let session = principal.session {
                try await accounts.store.endSession(session, of: principal.organization)
                await accounts.record("sign-out", request.uri.path, by: principal, status: 204, context)
            }
            var headers = HTTPFields()
            Cookies.clear(on: &headers, for: request)
            return Response(status: .noContent, headers: headers)
        }
    }

    func addPrivate(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/me") { _, context in
            let principal = try context.signedIn
            return jsonResponse(
                Me(
                    kind: principal.user == nil ? "key" : "user", name: principal.name, role: principal.role.rawValue,
                    organizationId: principal.organization.description, userId: principal.user?.description,
                    scopes: principal.scopes?.sorted()))
        }
        router.post("/v1/me/password") { request, context in
            let principal = try context.signedIn
            guard let id = principal.user else { throw Problem(.forbidden, "a key has no password") }
            var fields = try await FieldReader(request)
            for name in ["current_password", "new_password"] where !fields.has(name) {
                fields.complain(name, "is needed")
            }
            let current = fields.text("current_password", maximumLength: 256) ?? ""
            let new = fields.text("new_password", maximumLength: 256) ?? ""
            if let problem = User.problem(password: new) { fields.complain("new_password", problem) }
            try fields.finish()
            // Goes through sign-in, so that a stolen session cannot be used for guessing either.
            let (again, _) = try await accounts.signIn(
                name: principal.name, password: current, address: context.address)
            let user = try await accounts.store.user(id, of: again.organization)
            _ = try await accounts.store.update(user, passwordHash: try await accounts.hasher.hash(new))
            // All sessions have ended; this browser or program gets a new one.
            let (_, tokens) = try await accounts.signIn(
                name: principal.name, password: new, address: context.address)
            return response(tokens, asCookie: request.headers[.authorization] == nil, request)
        }
    }

    private func answer(
        _ principal: Principal, _ tokens: Accounts.Tokens, asCookie: Bool, _ request: Request, _ context: VedetteContext
    ) async -> Response {
        await accounts.record("sign-in", request.uri.path, by: principal, status: asCookie ? 204 : 200, context)
        return response(tokens, asCookie: asCookie, request)
    }

    /// As cookies, which scripts of the page cannot read, or as text for programs.
    private func response(_ tokens: Accounts.Tokens, asCookie: Bool, _ request: Request) -> Response {
        guard asCookie else {
            var response = jsonResponse(TokensDTO(accessToken: tokens.access, refreshToken: tokens.refresh))
            response.headers[.cacheControl] = "no-store"
            return response
        }
        var headers: HTTPFields = [.cacheControl: "no-store"]
        Cookies.set(tokens, on: &headers, for: request)
        return Response(status: .noContent, headers: headers)
    }

    private static func refuseOtherSites(_ request: Request) throws {
        guard Cookies.isOwnPage(request) else {
            throw Problem(.forbidden, "a page of another site may not sign in or out here")
        }
    }
}

/// `/?token=…` signs a browser in once, and takes the token out of the address at once.
struct TokenLinkMiddleware: RouterMiddleware {
    typealias Context = VedetteContext
    let accounts: Accounts

    func handle(
        _ request: Request, context: VedetteContext,
        next: @concurrent (Request, VedetteContext) async throws -> Response
    ) async throws -> Response {
        guard request.method == .get, request.uri.path == "/", let token = request.uri.queryParameters["token"] else {
            return try await next(request, context)
        }
        var headers: HTTPFields = [.location: "/", .cacheControl: "no-store"]
        if let (principal, tokens) = try await accounts.signIn(key: String(token), address: context.address) {
            Cookies.set(tokens, on: &headers, for: request)
            await accounts.record("sign-in", "/", by: principal, status: 303, context)
        }
        return Response(status: .seeOther, headers: headers)
    }
}
