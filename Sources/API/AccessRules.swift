import Domain
import HTTPTypes

/// Which role each call needs. What is not listed needs `viewer` for reading and `administrator` for anything else, so that
/// a new call is closed until somebody decides.
enum AccessRules {
    static let listed: [String: Role] = [
        "POST /v1/cameras/{id}/trigger": .operator,
        "PATCH /v1/events/{id}": .operator,
        "POST /v1/events/{id}/feedback": .operator,
        "DELETE /v1/events/{id}/feedback": .operator,
        "POST /v1/events/{id}/analyze": .operator,
        "POST /v1/definitions/test": .operator,
        "POST /v1/definitions/preview": .operator,
        "POST /v1/jobs/{id}/retry": .operator,
        "POST /v1/jobs/{id}/cancel": .operator,
        "GET /v1/exports": .operator,
        "POST /v1/exports": .operator,
        "GET /v1/exports/{id}": .operator,
        "DELETE /v1/exports/{id}": .operator,
        "GET /v1/exports/{id}/download": .operator,
        "POST /v1/me/password": .viewer,
        "GET /v1/users": .administrator,
        "GET /v1/users/{id}": .administrator,
        "GET /v1/api-keys": .administrator,
        "GET /v1/audit-log": .administrator,
    ]

    static func role(for method: HTTPRequest.Method, _ endpoint: String) -> Role {
        // Whoever may GET may HEAD.
        let method = method == .head ? .get : method
        return listed["\(method.rawValue) \(endpoint)"] ?? (method == .get ? .viewer : .administrator)
    }

    /// The part of the surface that a key's scopes name: `events` for `/v1/events/{id}/clip.mp4`. What everyone with a key may
    /// always ask has none.
    static func area(_ endpoint: String) -> String? {
        let parts = endpoint.split(separator: "/")
        guard parts.count > 1, parts[0] == "v1", parts[1] != "me", parts[1] != "version" else { return nil }
        return String(parts[1])
    }

    /// What `scopes` of a key may hold.
    static let areas = [
        "sites", "cameras", "events", "analyzers", "definitions", "policies", "jobs", "reanalyses", "accuracy",
        "exports", "users", "api-keys", "audit-log",
    ]
}
