import Domain
import Hummingbird
import NIOCore

/// What travels with a request.
package struct VedetteContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Whose data the request may see.
    package var organization: Identifier<Organization> = Organization.first
    /// Who asks; nil before sign-in.
    package var principal: Principal?
    /// What showed who asks, for asking again later in a long answer.
    var credential: Credential?
    /// Who asks, by the word of a trusted proxy.
    var vouched: Vouched?
    /// Ends the connection at once, whatever is under way on it.
    let closeConnection: @Sendable () -> Void
    /// Address of who asks, without a port: the peer's, or, behind trusted proxies, that of their client.
    package var address: String

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        let channel = source.channel
        closeConnection = { channel.close(promise: nil) }
        address = source.channel.remoteAddress?.ipAddress ?? "unknown"
    }

    /// Small bodies only; nothing of this surface is large.
    package var maxUploadSize: Int { 64 << 10 }

    /// Who asks, behind `AccessMiddleware`.
    var signedIn: Principal {
        get throws {
            guard let principal else { throw Problem(.unauthorized, "sign in first") }
            return principal
        }
    }

    /// A path parameter as an identifier; what is none cannot exist.
    func identifier<Entity>(_ name: String, _ what: String) throws -> Identifier<Entity> {
        guard let text = parameters.get(name), let id = Identifier<Entity>(text) else {
            throw Problem(.notFound, "there is no such \(what)")
        }
        return id
    }
}

/// Query parameters by name, with complaints collected and unknown names refused.
struct QueryReader {
    private let parameters: [(key: String, value: String)]
    private var known: Set<String> = []
    private var errors: [Problem.FieldError] = []

    init(_ request: Request) {
        parameters = request.uri.queryParameters.map { (String($0.key), String($0.value)) }
    }

    mutating func text(_ name: String) -> String? {
        known.insert(name)
        return parameters.last { $0.key == name }?.value
    }

    mutating func parsed<Value>(_ name: String, _ must: String, _ parse: (String) -> Value?) -> Value? {
        guard let text = text(name) else { return nil }
        guard let value = parse(text) else {
            errors.append(.init(field: name, message: "must be \(must)"))
            return nil
        }
        return value
    }

    mutating func choice<Value: RawRepresentable & CaseIterable>(_ name: String, _: Value.Type) -> Value?
    where Value.RawValue == String {
        parsed(name, "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "), Value.init(rawValue:))
    }

    mutating func flag(_ name: String) -> Bool? {
        parsed(name, "true or false") { $0 == "true" ? true : $0 == "false" ? false : nil }
    }

    mutating func finish() throws {
        for parameter in parameters where !known.contains(parameter.key) {
            errors.append(.init(field: parameter.key, message: "is not a parameter of this call"))
        }
        guard errors.isEmpty else {
            throw Problem(.validation, "the query has parameters that are not valid", errors: errors)
        }
    }
}
