import Domain
import HTTPTypes

/// Who may connect, and which proxies are believed.
package struct PeerRules: Sendable {
    /// Nil: everybody.
    package var allowed: [AddressRange]?
    package var proxies: ProxyRules?
    /// Whether this process itself ends TLS.
    package var isTLS: Bool

    package init(allowed: [AddressRange]? = nil, proxies: ProxyRules? = nil, isTLS: Bool = false) {
        self.allowed = allowed
        self.proxies = proxies
        self.isTLS = isTLS
    }

    func mayConnect(_ address: String) -> Bool { allowed?.contains { $0.contains(address) } ?? true }
}

/// What is believed of the peers at some addresses, and of nobody else.
package struct ProxyRules: Sendable {
    /// The one header whose addresses count; a proxy that writes one passes the other on as its client sent it.
    package enum AddressHeader: String, Sendable, CaseIterable {
        case none
        case xForwardedFor = "x-forwarded-for"
        /// RFC 7239.
        case forwarded
    }
    package var addresses: [AddressRange]
    package var addressHeader: AddressHeader
    /// Names the user that the proxy signed in; nil: none is believed.
    package var userHeader: HTTPField.Name?
    package var groupsHeader: HTTPField.Name?
    package var groupsSeparator: Character
    package var roles: RoleRules

    /// Names that no header can have count as nil.
    package init(
        addresses: [AddressRange], addressHeader: AddressHeader = .xForwardedFor, userHeader: String? = nil,
        groupsHeader: String? = nil, groupsSeparator: Character = ",", roles: RoleRules = RoleRules()
    ) {
        self.addresses = addresses
        self.addressHeader = addressHeader
        self.userHeader = userHeader.flatMap { HTTPField.Name($0) }
        self.groupsHeader = groupsHeader.flatMap { HTTPField.Name($0) }
        self.groupsSeparator = groupsSeparator
        self.roles = roles
    }

    func trusts(_ address: String) -> Bool { addresses.contains { $0.contains(address) } }

    /// The address of who really asks: from the right, the first that is not of a trusted proxy. `peer` must be one.
    func client(peer: String, headers: HTTPFields) -> String {
        // Each line of a header that came several times counts, in order.
        let hops: [String] =
            switch addressHeader {
            case .none: []
            case .xForwardedFor:
                headers[values: .forwardedFor].joined(separator: ",").split(separator: ",").map { Self.bare($0) }
            case .forwarded:
                ForwardedHeader.elements(headers[values: .forwarded].joined(separator: ",")).map {
                    Self.bare($0["for"] ?? "")
                }
            }
        var client = peer
        for hop in hops.reversed() {
            // What a trusted proxy could not have written ends the chain.
            guard AddressRange(hop) != nil, !hop.contains("/") else { return client }
            client = hop
            if !trusts(hop) { return client }
        }
        return client
    }

    /// `https` where the nearest proxy was spoken to with TLS; nil where it does not say.
    func scheme(_ headers: HTTPFields) -> String? {
        switch addressHeader {
        case .none: nil
        case .xForwardedFor: headers[values: .forwardedProtocol].last
        case .forwarded: ForwardedHeader.elements(headers[values: .forwarded].joined(separator: ",")).last?["proto"]
        }
    }

    /// Who the proxy says asks; nil where it does not, or not clearly.
    func vouched(_ headers: HTTPFields) -> Vouched? {
        guard let userHeader else { return nil }
        let names = headers[values: userHeader]
        guard names.count == 1, let name = names.first, !name.isEmpty else { return nil }
        let groups = groupsHeader.map { headers[values: $0] } ?? []
        return Vouched(
            name: name,
            groups: groups.flatMap { $0.split(separator: groupsSeparator) }.map { $0.trimmingSpaces }
                .filter { !$0.isEmpty }, roles: roles)
    }

    /// Without a port: `[::1]:80`, `10.0.0.1:80`.
    private static func bare(_ entry: some StringProtocol) -> String {
        let entry = entry.trimmingSpaces
        if entry.hasPrefix("[") { return String(entry.dropFirst().prefix { $0 != "]" }) }
        if entry.filter({ $0 == ":" }).count == 1 { return String(entry.prefix { $0 != ":" }) }
        return entry
    }
}

/// `Forwarded: for=192.0.2.43;proto=https, for="[2001:db8::1]:4711"` (RFC 7239 §4).
enum ForwardedHeader {
    /// By lower-case names, as they came. What cannot be read is an element without names, which ends a chain of trust.
    static func elements(_ text: String) -> [[String: String]] {
        split(text, at: ",").map { element in
            var pairs: [String: String] = [:]
            for pair in split(element, at: ";") {
                let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard sides.count == 2 else { return [:] }
                let name = sides[0].trimmingSpaces.lowercased()
                // Twice the same: nobody can say which counts.
                guard pairs[name] == nil else { return [:] }
                pairs[name] = unquoted(sides[1].trimmingSpaces)
            }
            return pairs
        }
    }

    /// Separators between quotation marks do not count.
    private static func split(_ text: String, at separator: Character) -> [String] {
        var parts = [""]
        var isQuoted = false
        var isEscaped = false
        for character in text {
            if character == "\"", !isEscaped { isQuoted.toggle() }
            isEscaped = isQuoted && character == "\\" && !isEscaped
            if character == separator, !isQuoted { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        return parts
    }

    private static func unquoted(_ text: String) -> String {
        guard text.hasPrefix("\""), text.hasSuffix("\""), text.count >= 2 else { return text }
        return String(text.dropFirst().dropLast()).replacing("\\", with: "")
    }
}

extension StringProtocol {
    /// Without spaces and tabs at both ends.
    var trimmingSpaces: String {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        var text = self.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text = text.dropLast() }
        return String(text)
    }
}
