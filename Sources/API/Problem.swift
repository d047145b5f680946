import HTTPTypes
import Hummingbird

/// An error answer as RFC 9457 describes it. The same error always has the same `type`; all are in
/// `docs/reference/api.md`.
package struct Problem: Error, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case unauthorized, forbidden, validation, conflict, unavailable, internalError = "internal"
        case notFound = "not-found"
        case methodNotAllowed = "method-not-allowed"
        case preconditionFailed = "precondition-failed"
        case tooLarge = "too-large"
        case rangeNotSatisfiable = "range-not-satisfiable"
        case rateLimited = "rate-limited"
    }
    struct FieldError: Encodable, Sendable {
        var field: String
        var message: String
    }
    var kind: Kind
    var detail: String
    var errors: [FieldError] = []
    var headers: HTTPFields = [:]

    init(_ kind: Kind, _ detail: String, errors: [FieldError] = [], headers: HTTPFields = [:]) {
        self.kind = kind
        self.detail = detail
        self.errors = errors
        self.headers = headers
    }

    private var status: (HTTPResponse.Status, title: String) {
        switch kind {
        case .unauthorized: (.unauthorized, "Sign-in needed")
        case .forbidden: (.forbidden, "Not allowed")
        case .validation: (.unprocessableContent, "Not valid")
        case .conflict: (.conflict, "Already there")
        case .unavailable: (.serviceUnavailable, "Not available now")
        case .internalError: (.internalServerError, "Something failed here")
        case .notFound: (.notFound, "Not found")
        case .methodNotAllowed: (.methodNotAllowed, "Method not allowed")
        case .preconditionFailed: (.preconditionFailed, "Changed meanwhile")
        case .tooLarge: (.contentTooLarge, "Too large")
        case .rangeNotSatisfiable: (.rangeNotSatisfiable, "Range not satisfiable")
        case .rateLimited: (.tooManyRequests, "Too many requests")
        }
    }

    var code: Int { status.0.code }

    private struct Body: Encodable {
        var type: String
        var title: String
        var status: Int
        var detail: String
        var instance: String
        var errors: [FieldError]?
    }

    func response(instance: String) -> Response {
        let (code, title) = status
        let body = Body(
            type: "/problems/\(kind.rawValue)", title: title, status: code.code, detail: detail, instance: instance,
            errors: errors.isEmpty ? nil : errors)
        var response = jsonResponse(body, status: code)
        response.headers[.contentType] = "application/problem+json"
        response.headers.append(contentsOf: headers)
        return response
    }
}
