/// How an analyzer's server is reached, and which pictures it is sent; for kinds that have a server.
package struct AnalyzerConnection: Sendable, Hashable {
    /// Sent with each request. The value is a secret.
    package struct Header: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// What the server is told about the resolution it should look with.
    package enum Detail: String, Sendable, CaseIterable { case auto, low, high }

    package var headers: [Header]
    /// `http://host:port`, `https://…` or `socks5h://…`, perhaps with user and password; empty: none, whatever the environment says;
    /// nil: what the environment says (`https_proxy`, `no_proxy`).
    package var proxy: String?
    /// Certificates in PEM that are trusted instead of the system's.
    package var certificateAuthorities: String?
    /// For name resolution, connecting and TLS.
    package var connectTimeoutSeconds: Double
    /// From the call to the first byte of the answer; nil: no limit but the whole request's.
    package var firstByteTimeoutSeconds: Double?
    /// Longest side of a picture that is sent; nil: as it is stored.
    package var pictureSidePixels: Int?
    package var detail: Detail?

    package init(
        headers: [Header] = [], proxy: String? = nil, certificateAuthorities: String? = nil,
        connectTimeoutSeconds: Double = 10, firstByteTimeoutSeconds: Double? = nil, pictureSidePixels: Int? = nil,
        detail: Detail? = nil
    ) {
        self.headers = headers
        self.proxy = proxy
        self.certificateAuthorities = certificateAuthorities
        self.connectTimeoutSeconds = connectTimeoutSeconds
        self.firstByteTimeoutSeconds = firstByteTimeoutSeconds
        self.pictureSidePixels = pictureSidePixels
        self.detail = detail
    }

    package static let pictureSides = 64...4096
    package static let connectTimeouts = 0.1...120.0
    package static let firstByteTimeouts = 0.1...600.0
    package static let mostHeaders = 20
    private static let proxySchemes = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"]
    /// These are the transfer's own.
    private static let reserved: Set<String> = [
        "host", "content-length", "content-type", "transfer-encoding", "connection", "expect", "accept",
    ]

    /// What is wrong with a header; nil where it can be sent (RFC 9110 §5.1, §5.5).
    package static func complaint(header name: String, value: String) -> String? {
        let token = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
        guard token, (1...100).contains(name.utf8.count) else { return "is no name of a header" }
        if reserved.contains(name.lowercased()) { return "is set by Vedette itself" }
        guard value.utf8.count <= 4000, value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            return "must have a value in one line of at most 4000 bytes"
        }
        return nil
    }

    /// What is wrong with a proxy's address; nil where it can be used.
    package static func complaint(proxy: String) -> String? {
        if proxy.isEmpty { return nil }
        let parts = proxy.split(separator: "://", maxSplits: 1)
        guard parts.count == 2, proxySchemes.contains(parts[0].lowercased()), !parts[1].isEmpty,
            proxy.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f })
        else { return "must be like http://host:port or socks5h://host:port, or empty for none" }
        return nil
    }

    /// What is wrong with certificates; nil where they look like PEM.
    package static func complaint(certificates: String) -> String? {
        certificates.contains("-----BEGIN CERTIFICATE-----") && certificates.contains("-----END CERTIFICATE-----")
            && certificates.utf8.count <= 1 << 20
            ? nil : "must be certificates in PEM (-----BEGIN CERTIFICATE-----), of at most 1 MiB"
    }
}
