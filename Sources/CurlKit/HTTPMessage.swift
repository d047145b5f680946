/// One HTTP request; the whole body is in memory.
package struct HTTPRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET", post = "POST", put = "PUT", delete = "DELETE", head = "HEAD"
    }

    package var method: Method
    /// `http` or `https` only.
    package var url: String
    /// Sent as given. A name or value with a control character is refused.
    package var headers: [(name: String, value: String)]
    /// `nil` sends no body.
    package var body: [UInt8]?
    /// For name resolution, connecting and the TLS handshake.
    package var connectTimeoutSeconds: Double
    /// For everything, from the call to the last byte.
    package var timeoutSeconds: Double
    /// A longer response body ends the transfer with `tooLarge`.
    package var maximumResponseBytes: Int
    /// 0 returns a redirect as the response it is.
    package var maximumRedirects: Int
    /// From the call to the first byte of the response; `nil`: only the other limits count.
    package var firstByteTimeoutSeconds: Double?
    /// As libcurl takes it; empty for none, `nil` for what the environment says.
    package var proxy: String?
    /// PEM; trusted instead of the system's.
    package var certificateAuthorities: [UInt8]?

    package init(
        method: Method = .get, url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        connectTimeoutSeconds: Double = 10, timeoutSeconds: Double = 60, maximumResponseBytes: Int = 4 << 20,
        maximumRedirects: Int = 0, firstByteTimeoutSeconds: Double? = nil, proxy: String? = nil,
        certificateAuthorities: [UInt8]? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.connectTimeoutSeconds = connectTimeoutSeconds
        self.timeoutSeconds = timeoutSeconds
        self.maximumResponseBytes = maximumResponseBytes
        self.maximumRedirects = maximumRedirects
        self.firstByteTimeoutSeconds = firstByteTimeoutSeconds
        self.proxy = proxy
        self.certificateAuthorities = certificateAuthorities
    }
}

/// One whole HTTP response, of any status.
package struct HTTPResponse: Sendable {
    package var status: Int
    /// In the order received; names as the server wrote them.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// From the call to the last byte.
    package var totalSeconds: Double

    package init(status: Int, headers: [(name: String, value: String)], body: [UInt8], totalSeconds: Double) {
        self.status = status
        self.headers = headers
        self.body = body
        self.totalSeconds = totalSeconds
    }

    /// The first value of a header, whatever the case of its name.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
