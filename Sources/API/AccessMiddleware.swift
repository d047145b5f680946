import Domain
import HTTPTypes
import Hummingbird

/// Finds out who asks, and lets through what their role and scopes allow. Everything behind it sees the tenant of who asks,
/// and for a user with grants only what these name.
struct AccessMiddleware: RouterMiddleware {
    typealias Context = VedetteContext
    let accounts: Accounts
    let limits: RequestLimits

    func handle(
        _ request: Request, context: VedetteContext,
        next: @concurrent (Request, VedetteContext) async throws -> Response
    ) async throws -> Response {
        let (principal, credential) = try await identify(request, context)
        if let wait = limits.wait(for: principal) {
            throw Problem(.rateLimited, "too many requests", headers: [.retryAfter: "\(wait)"])
        }
        let endpoint = context.endpointPath.map(Self.documented) ?? ""
        let action = "\(request.method.rawValue) \(endpoint)"
        var context = context
        context.principal = principal
        context.credential = credential
        context.organization = principal.organization
        do {
            try Self.allow(request, endpoint, principal)
            let made = context
            let response = try await RestrictedViewer.$current.withValue(
                principal.isRestricted ? principal.user : nil
            ) { try await next(request, made) }
            await record(request, action, principal, response.status.code, context)
            return response
        } catch {
            await record(request, action, principal, EnvelopeMiddleware.status(of: error), context)
            throw error
        }
    }

    private func identify(
        _ request: Request, _ context: VedetteContext
    ) async throws -> (Principal, credential: Credential) {
        // What else than a token stands there, a proxy asked for and passed on.
        if let header = request.headers[.authorization],
            context.vouched == nil || header.lowercased().hasPrefix("bearer ")
        {
            if header.lowercased().hasPrefix("bearer "),
                let principal = try await accounts.principal(of: header.dropFirst(7))
            {
                return (principal, .secret(String(header.dropFirst(7))))
            }
            try refuse(context, "the access token or API key is not valid")
        }
        if let vouched = context.vouched, let principal = try await accounts.principal(of: vouched) {
            try refuseOtherSites(request)
            return (principal, .vouched(vouched))
        }
        guard let cookie = request.cookies[Cookies.access],
            let principal = try await accounts.principal(of: cookie.value)
        else {
            try refuse(
                context,
                context.vouched == nil
                    ? "sign in first"
                    : "the proxy signed you in, but there is no user of your name here who may come in; sign in first")
        }
        try refuseOtherSites(request)
        return (principal, .secret(String(cookie.value)))
    }

    /// A browser sends a cookie, and goes through a proxy, whichever page made it ask.
    private func refuseOtherSites(_ request: Request) throws {
        let isReading = request.method == .get || request.method == .head
        guard isReading || Cookies.isOwnPage(request) else {
            throw Problem(.forbidden, "a page of another site may not change anything here")
        }
    }

    private func refuse(_ context: VedetteContext, _ detail: String) throws -> Never {
        if let wait = limits.waitAfterRefusal(of: context.address) {
            throw Problem(.rateLimited, "too many requests without a valid sign-in", headers: [.retryAfter: "\(wait)"])
        }
        throw Problem(.unauthorized, detail, headers: [.wwwAuthenticate: "Bearer"])
    }

    private static func allow(_ request: Request, _ endpoint: String, _ principal: Principal) throws {
        let needed = AccessRules.role(for: request.method, endpoint)
        guard principal.role >= needed else {
            throw Problem(.forbidden, "this needs the role \(needed.rawValue); you are \(principal.role.rawValue)")
        }
        if let scopes = principal.scopes, let area = AccessRules.area(endpoint), !scopes.contains(area) {
            throw Problem(.forbidden, "this key has no scope `\(area)`")
        }
    }

    /// What changes something is kept, also when it was refused.
    private func record(
        _ request: Request, _ action: String, _ principal: Principal, _ status: Int, _ context: VedetteContext
    ) async {
        guard request.method != .get, request.method != .head else { return }
        await accounts.record(action, request.uri.path, by: principal, status: status, context)
    }

    /// `/v1/events/:id` as the document writes it.
    static func documented(_ endpoint: String) -> String {
        "/"
            + endpoint.split(separator: "/").map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0) }
            .joined(separator: "/")
    }
}
