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
    static let idempotencyKey = literal("Idempotency-Key")
    static let idempotencyReplayed = literal("Idempotency-Replayed")
    static let forwardedProtocol = literal("X-Forwarded-Proto")
    static let host = literal("Host")
    static let frameOptions = literal("X-Frame-Options")
    static let openerPolicy = literal("Cross-Origin-Opener-Policy")
    static let resourcePolicy = literal("Cross-Origin-Resource-Policy")
    static let permissionsPolicy = literal("Permissions-Policy")

    static func literal(_ name: String) -> HTTPField.Name {
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
        } catch {
            var problem = Self.problem(for: error)
            if problem.kind == .notFound, !(error is Problem), !(error is StoreError),
                let methods = AllowedMethods.instead(of: request.method, at: request.uri.path)
            {
                problem = Problem(
                    .methodNotAllowed, "this address takes \(methods.joined(separator: ", "))",
                    headers: [.allow: methods.joined(separator: ", ")])
            }
            switch (error, problem.kind) {
            case (let error as StoreError, .unavailable):
                context.logger.warning("the database is away", metadata: ["error": "\(error)"])
            case (_, .internalError):
                context.logger.error("a request failed", metadata: ["error": "\(error)"])
            default: break
            }
            response = problem.response(instance: request.uri.path)
        }
        response.headers[.requestID] = context.id
        response.headers[.contentTypeOptions] = "nosniff"
        response.headers[.referrerPolicy] = "no-referrer"
        response.headers[.frameOptions] = "DENY"
        response.headers[.openerPolicy] = "same-origin"
        response.headers[.resourcePolicy] = "same-origin"
        response.headers[.permissionsPolicy] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        if response.headers[.contentSecurityPolicy] == nil {
            response.headers[.contentSecurityPolicy] =
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
        }
        return response
    }

    /// The one table from errors to answers.
    static func problem(for error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case StoreError.notFound(let what): Problem(.notFound, what)
        case StoreError.conflict(let what): Problem(.preconditionFailed, what)
        case StoreError.duplicate(let what): Problem(.conflict, what)
        case StoreError.unavailable:
            Problem(.unavailable, "the database cannot be reached; recording goes on, try again in a moment")
        case let error as any HTTPResponseError: problem(error.status)
        default: Problem(.internalError, "the server could not answer; its log says why under this request's id")
        }
    }

    static func status(of error: any Error) -> Int { problem(for: error).code }

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
