/// Who may connect, whose word counts, and which other sites' pages may ask. By itself everything is off.
package struct NetworkRules: Sendable {
    package var peers: PeerRules
    /// Origins, as browsers send them.
    package var corsOrigins: Set<String>
    /// Nil: nobody signs in elsewhere.
    package var oidc: OIDCProvider?

    package init(peers: PeerRules = PeerRules(), corsOrigins: Set<String> = [], oidc: OIDCProvider? = nil) {
        self.peers = peers
        self.corsOrigins = corsOrigins
        self.oidc = oidc
    }
}
