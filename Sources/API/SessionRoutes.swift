import Domain
import HTTPTypes
import Hummingbird

/// Signing in and out.
struct SessionRoutes {
    private struct Me: Encodable {
        var role = "administrator"
    }

    let access: AdminAccess

    func addPublic(to router: some RouterMethods<VedetteContext>) {
        router.post("/v1/auth/login") { request, _ in
            var fields = try await FieldReader(request)
            let token = fields.text("token", maximumLength: 256) ?? ""
            try fields.finish()
            guard access.accepts(token: token) else {
                throw Problem(.unauthorized, "the token is not valid; it stands in `data_dir/admin-token`")
            }
            return Response(status: .noContent, headers: [.setCookie: access.setCookie])
        }
        router.post("/v1/auth/logout") { _, _ in
            Response(status: .noContent, headers: [.setCookie: AdminAccess.clearCookie])
        }
    }

    func addPrivate(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/me") { _, _ in jsonResponse(Me()) }
    }
}

/// `/?token=…` signs a browser in once, and takes the token out of the address at once.
struct TokenLinkMiddleware: RouterMiddleware {
    typealias Context = VedetteContext
    let access: AdminAccess

    func handle(
        _ request: Request, context: VedetteContext,
        next: @concurrent (Request, VedetteContext) async throws -> Response
    ) async throws -> Response {
        guard request.method == .get, request.uri.path == "/", let token = request.uri.queryParameters["token"] else {
            return try await next(request, context)
        }
        var headers: HTTPFields = [.location: "/", .cacheControl: "no-store"]
        if access.accepts(token: token) { headers[.setCookie] = access.setCookie }
        return Response(status: .seeOther, headers: headers)
    }
}
