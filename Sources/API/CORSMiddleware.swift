import HTTPTypes
import Hummingbird

/// Lets the pages of some other sites ask with a key or token, without cookies. Outside of everything, so that they can read
/// refusals too.
struct CORSMiddleware: RouterMiddleware {
    typealias Context = VedetteContext
    /// As browsers send them: `https://dash.example.org`. Empty: no answer has an `Access-Control-…` header.
    let origins: Set<String>

    private static let methods = "GET, HEAD, POST, PUT, PATCH, DELETE"
    private static let headers =
        "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID, Range"
    private static let exposed = """
        Content-Disposition, Content-Range, ETag, Idempotency-Replayed, Location, Retry-After, X-Recording-Duration-Seconds, \
        X-Recording-From, X-Recording-Gap-Count, X-Recording-Gaps, X-Recording-To, X-Request-Id
        """

    func handle(
        _ request: Request, context: VedetteContext,
        next: @concurrent (Request, VedetteContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        guard !origins.isEmpty else { return response }
        if let origin = request.headers[.origin], origins.contains(origin) {
            // No route takes OPTIONS; an address that may not connect stays refused.
            if request.method == .options, request.headers[.accessControlRequestMethod] != nil,
                response.status == .notFound || response.status == .methodNotAllowed
            {
                var headers = response.headers
                headers[.contentType] = nil
                headers[.contentLength] = nil
                headers[.allow] = nil
                headers[.accessControlAllowMethods] = Self.methods
                headers[.accessControlAllowHeaders] = Self.headers
                headers[.accessControlMaxAge] = "600"
                response = Response(status: .noContent, headers: headers)
            }
            response.headers[.accessControlAllowOrigin] = origin
            response.headers[.accessControlExposeHeaders] = Self.exposed
        }
        response.headers.append(HTTPField(name: .vary, value: "Origin"))
        return response
    }
}
