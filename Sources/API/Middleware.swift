import Domain
import HTTPTypes
import Hummingbird
import Logging

extension HTTPField.Name {
    static let requestID = literal("X-Request-Id")
    static let secFetchSite = literal("Sec-Fetch-Site")
    static let contentSecurityPolicy = literal("Content-Security-Policy")
    static let referrerPolicy = literal("Referrer-Policy")
    static let contentTypeOptions = literal("X-Content-Type-Options")
    static let lastEventID = literal("Last-Event-ID")

    private static func literal(_ name: String) -> HTTPField.Name {
        // Every name given here is a valid token, so the second form is never used.
        HTTPField.Name(name) ?? .accept
    }
}

/// Gives every answer a request id and the security headers, and turns errors into problems.
package struct EnvelopeMiddleware: RouterMiddleware {
    package typealias Context = VedetteContext

    package init() {}

    package func handle(
        _ request: Request, context: VedetteContext,
        next: @concurrent (Request, VedetteContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch let problem as Problem {
            response = problem.response(instance: request.uri.path)
        } catch let error as StoreError {
            response = Self.problem(error, context: context).response(instance: request.uri.path)
        } catch let error as any HTTPResponseError {
            response = Self.problem(error.status).response(instance: request.uri.path)
        } catch {
            context.logger.error("a request failed", metadata: ["error": "\(error)"])
            response = Problem(.internalError, "the server could not answer; its log says why under this request's id")
                .response(instance: request.uri.path)
        }
        response.headers[.requestID] = context.id
        response.headers[.contentTypeOptions] = "nosniff"
        response.headers[.referrerPolicy] = "no-referrer"
        if response.headers[.contentSecurityPolicy] == nil {
            response.headers[.contentSecurityPolicy] =
                "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
        }
        return response
    }

    private static func problem(_ error: StoreError, context: VedetteContext) -> Problem {
        switch error {
        case .notFound(let what): return Problem(.notFound, what)
        case .conflict(let what): return Problem(.preconditionFailed, what)
        case .duplicate(let what): return Problem(.conflict, what)
        case .unavailable(let what):
            context.logger.warning("the database is away", metadata: ["error": "\(what)"])
            return Problem(.unavailable, "the database cannot be reached; recording goes on, try again in a moment")
        }
    }

    private static func problem(_ status: HTTPResponse.Status) -> Problem {
        switch status.code {
        case 401: Problem(.unauthorized, "sign in first")
        case 403: Problem(.forbidden, "not allowed")
        case 404: Problem(.notFound, "there is nothing at this address")
        case 405: Problem(.methodNotAllowed, "this address does not take that method")
        case 413: Problem(.tooLarge, "the body is too large")
        case 400..<500: Problem(.validation, "the request could not be understood")
        default: Problem(.internalError, "the server could not answer")
        }
    }
}

/// Lets in who shows the administrator token or the cookie made from it.
///
/// A cookie is sent by a browser whoever made it ask, so a cookie alone changes nothing when the browser says that the
/// request came from another site.
struct AccessMiddleware: RouterMiddleware {
    typealias Context = VedetteContext
    let access: AdminAccess

    func handle(
        _ request: Request, context: VedetteContext,
        next: @concurrent (Request, VedetteContext) async throws -> Response
    ) async throws -> Response {
        if let header = request.headers[.authorization] {
            guard header.lowercased().hasPrefix("bearer "), access.accepts(token: header.dropFirst(7)) else {
                throw Self.refusal("the access token is not valid; it stands in `data_dir/admin-token`")
            }
            return try await next(request, context)
        }
        guard let cookie = request.cookies[AdminAccess.cookieName], access.accepts(cookie: cookie.value) else {
            throw Self.refusal("sign in with the administrator token, which stands in `data_dir/admin-token`")
        }
        let isReading = request.method == .get || request.method == .head
        let site = request.headers[.secFetchSite] ?? "same-origin"
        guard isReading || site == "same-origin" || site == "none" else {
            throw Problem(.forbidden, "a page of another site may not change anything here")
        }
        return try await next(request, context)
    }

    private static func refusal(_ detail: String) -> Problem {
        Problem(.unauthorized, detail, headers: [.wwwAuthenticate: "Bearer"])
    }
}
