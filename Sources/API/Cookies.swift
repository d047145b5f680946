import HTTPTypes
import Hummingbird

/// The two cookies of a session: `HttpOnly`, never sent by other sites' requests that change something, and the one that
/// renews sent nowhere but to where it is used.
enum Cookies {
    static let access = "vedette_session"
    static let refresh = "vedette_refresh"

    static func set(_ tokens: Accounts.Tokens, on headers: inout HTTPFields, for request: Request) {
        let age = Int(Accounts.refreshSeconds)
        // The access cookie outlives its token, so that the page knows that there is a session to renew.
        add("\(access)=\(tokens.access); Path=/; Max-Age=\(age)", to: &headers, for: request)
        add("\(refresh)=\(tokens.refresh); Path=/v1/auth; Max-Age=\(age)", to: &headers, for: request)
    }

    static func clear(on headers: inout HTTPFields, for request: Request) {
        add("\(access)=; Path=/; Max-Age=0", to: &headers, for: request)
        add("\(refresh)=; Path=/v1/auth; Max-Age=0", to: &headers, for: request)
    }

    static func add(_ cookie: String, to headers: inout HTTPFields, for request: Request) {
        // Over a proxy that ends TLS. Whoever lies in this header makes only their own cookie unusable.
        let secure = request.headers[.forwardedProtocol] == "https" ? "; Secure" : ""
        headers.append(HTTPField(name: .setCookie, value: cookie + "; HttpOnly; SameSite=Lax" + secure))
    }

    /// A cookie is sent by a browser whoever made it ask; this tells whether our own page, or nobody's, did.
    static func isOwnPage(_ request: Request) -> Bool {
        if let site = request.headers[.secFetchSite] { return site == "same-origin" || site == "none" }
        // Browsers before 2023 say only this.
        guard let origin = request.headers[.origin] else { return true }
        guard let host = request.head.authority ?? request.headers[.host] else { return false }
        return origin == "http://\(host)" || origin == "https://\(host)"
    }
}
