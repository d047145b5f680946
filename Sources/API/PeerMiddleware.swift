import Domain
import HTTPTypes
import Hummingbird

/// Who may connect, and which proxies are believed.
package struct PeerRules: Sendable {
    /// Nil: everybody.
    package var allowed: [AddressRange]?
    /// Peers whose `X-Forwarded-For` and, with `userHeader`, whose word on who it is are believed.
    package var trustedProxies: [AddressRange]
    /// Header in which a trusted proxy names the user that it signed in; nil: none is believed.
    package var userHeader: HTTPField.Name?
    /// Whether this process itself ends TLS.
    package var isTLS: Bool

    package init(
        allowed: [AddressRange]? = nil, trustedProxies: [AddressRange] = [], userHeader: HTTPField.Name? = nil,
        isTLS: Bool = false
    ) {
        self.allowed = allowed
        self.trustedProxies = trustedProxies
        self.userHeader = userHeader
        self.isTLS = isTLS
    }

    func trusts(_ address: String) -> Bool { trustedProxies.contains { $0.contains(address) } }

    /// The address of who really asks: from the right, the first of `X-Forwarded-For` that no trusted proxy has.
    func client(peer: String, forwarded: String?) -> String {
        guard let forwarded, trusts(peer) else { return peer }
        var client = peer
        for entry in forwarded.split(separator: ",").reversed() {
            let text = Self.address(entry.trimming(while: { $0 == " " || $0 == "\t" }))
            // What a trusted proxy could not have written ends the chain.
            guard AddressRange(text) != nil, !text.contains("/") else { return client }
            client = text
            if !trusts(text) { return client }
        }
        return client
    }

    /// Without a port: `[::1]:80`, `10.0.0.1:80`.
    private static func address(_ entry: some StringProtocol) -> String {
        if entry.hasPrefix("[") { return String(entry.dropFirst().prefix { $0 != "]" }) }
        if entry.filter({ $0 == ":" }).count == 1 { return String(entry.prefix { $0 != ":" }) }
        return String(entry)
    }
}

/// Finds out whose address a request comes from, and sends away those that may not connect.
struct PeerMiddleware: RouterMiddleware {
    typealias Context = VedetteContext
    let rules: PeerRules

    func handle(
        _ request: Request, context: VedetteContext,
        next: @concurrent (Request, VedetteContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        // Each line of a header that came several times counts, in order.
        let forwarded = request.headers[values: .forwardedFor].joined(separator: ",")
        if let header = rules.userHeader, rules.trusts(context.address) {
            let values = request.headers[values: header]
            if values.count == 1 { context.proxyUser = values.first }
        }
        context.address = rules.client(peer: context.address, forwarded: forwarded.isEmpty ? nil : forwarded)
        if let allowed = rules.allowed, !allowed.contains(where: { $0.contains(context.address) }) {
            throw Problem(.forbidden, "this address may not connect")
        }
        return try await next(request, context)
    }
}

extension Substring {
    fileprivate func trimming(while isSpace: (Character) -> Bool) -> Substring {
        var text = self.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text = text.dropLast() }
        return text
    }
}
