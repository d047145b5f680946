import API
import CurlKit
import Domain
import Foundation
import Settings

extension NetworkRules {
    /// Throws `StartError` where a file that the settings name cannot be read.
    init(_ settings: NetworkSettings, clock: any WallClock) throws {
        self.init(
            peers: PeerRules(
                allowed: settings.allowedAddresses,
                proxies: settings.proxy.map { proxy in
                    ProxyRules(
                        addresses: proxy.addresses,
                        addressHeader: ProxyRules.AddressHeader(rawValue: proxy.addressHeader) ?? .none,
                        userHeader: proxy.userHeader, groupsHeader: proxy.groupsHeader,
                        groupsSeparator: proxy.groupsSeparator, roles: proxy.roles)
                }, isTLS: settings.tls != nil),
            corsOrigins: Set(settings.corsOrigins),
            oidc: try settings.oidc.map { try Self.provider($0, clock) })
    }

    private static func provider(_ settings: NetworkSettings.OIDC, _ clock: any WallClock) throws -> OIDCProvider {
        let authorities = try settings.certificateFile.map { path in
            guard let bytes = FileManager.default.contents(atPath: path), !bytes.isEmpty else {
                throw StartError("`oidc.ca_file` \(path) cannot be read")
            }
            return [UInt8](bytes)
        }
        let client = try HTTPClient()
        return OIDCProvider(
            OIDCSettings(
                issuer: settings.issuer, clientID: settings.clientID, clientSecret: settings.clientSecret,
                redirectURL: settings.redirectURL, scopes: settings.scopes, userClaim: settings.userClaim,
                rolesClaim: settings.rolesClaim, roles: settings.roles, linksUsers: settings.linksUsers,
                label: settings.label), clock: clock
        ) { request in
            let response = try await client.send(
                HTTPRequest(
                    method: request.form == nil ? .get : .post, url: request.url, headers: request.headers,
                    body: request.form.map { Array($0.utf8) }, connectTimeoutSeconds: 5, timeoutSeconds: 10,
                    maximumResponseBytes: 1 << 20, certificateAuthorities: authorities))
            return (response.status, response.body)
        }
    }
}
