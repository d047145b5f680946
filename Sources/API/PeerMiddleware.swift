import Domain
import HTTPTypes
import Hummingbird

/// Finds out whose address a request comes from, and sends away those that may not connect.
struct PeerMiddleware: RouterMiddleware {
    typealias Context = VedetteContext
    let rules: PeerRules

    func handle(
        _ request: Request, context: VedetteContext,
        next: @concurrent (Request, VedetteContext) async throws -> Response
    ) async throws -> Response {
        var request = request
        var context = context
        var scheme = request.headers[.forwardedProtocol]
        if let proxies = rules.proxies {
            if proxies.trusts(context.address) {
                context.vouched = proxies.vouched(request.headers)
                context.address = proxies.client(peer: context.address, headers: request.headers)
                scheme = proxies.scheme(request.headers) ?? scheme
            } else {
                scheme = nil
            }
        }
        // Decides whether cookies are `Secure`.
        if rules.isTLS { scheme = "https" }
        if scheme != request.headers[.forwardedProtocol] {
            var head = request.head
            head.headerFields[.forwardedProtocol] = scheme
            request = Request(head: head, body: request.body)
        }
        guard rules.mayConnect(context.address) else { throw Problem(.forbidden, "this address may not connect") }
        return try await next(request, context)
    }
}

extension HTTPField.Name {
    static let forwardedFor = literal("X-Forwarded-For")
    static let forwarded = literal("Forwarded")
}
