internal import CCurl
internal import CCurlShims
internal import Synchronization

/// One request on its way through the engine.
///
/// Everything but `cancelled` and `finish` is touched on the engine's thread only, from `start` on.
final class Transfer: @unchecked Sendable {
    // Unchecked because: mutable state is touched only on the engine's thread; what others touch is atomic or locked.

    let request: HTTPRequest
    let cancelled = Atomic<Bool>(false)
    private let continuation: Mutex<CheckedContinuation<Result<HTTPResponse, HTTPError>, Never>?>

    private(set) var easy: UnsafeMutableRawPointer?
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var body: [UInt8] = []
    private var headers: [(name: String, value: String)] = []
    private var headerBytes = 0
    private var isTooLarge = false
    private(set) var firstByteDeadline: ContinuousClock.Instant?
    private static let maximumHeaderBytes = 64 << 10

    init(_ request: HTTPRequest, _ continuation: CheckedContinuation<Result<HTTPResponse, HTTPError>, Never>) {
        self.request = request
        self.continuation = Mutex(continuation)
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        if let easy { curl_easy_cleanup(easy) }
        curl_slist_free_all(headerList)
        errorText.deallocate()
    }

    /// Answers the caller, once; later answers are dropped.
    func finish(_ result: Result<HTTPResponse, HTTPError>) {
        continuation.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }?.resume(returning: result)
    }

    func error(_ code: HTTPError.Code, _ message: String) -> HTTPError {
        HTTPError(code, target: presentableURL(request.url), message: message)
    }

    /// Makes the easy handle. It holds this object unretained: the engine keeps the transfer while the handle is in use.
    func prepare() throws(HTTPError) {
        guard let easy = curl_easy_init() else { throw error(.broken, "curl_easy_init failed: out of memory") }
        self.easy = easy
        let context = Unmanaged.passUnretained(self).toOpaque()
        func check(_ result: CURLcode) throws(HTTPError) {
            guard result != CURLE_OK else { return }
            throw error(.invalidRequest, "the request is not usable: \(String(cString: curl_easy_strerror(result)))")
        }
        guard !request.url.utf8.contains(where: { $0 < 0x21 || $0 == 0x7f }) else {
            throw error(.invalidRequest, "the URL holds a space or control character")
        }
        try check(curlshims_easy_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText))
        try check(curlshims_easy_set_pointer(easy, CURLOPT_PRIVATE, context))
        try check(curlshims_easy_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https"))
        try check(curlshims_easy_set_string(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https"))
        try check(curlshims_easy_set_string(easy, CURLOPT_URL, request.url))
        try check(curlshims_easy_set_long(easy, CURLOPT_NOSIGNAL, 1))
        try check(curlshims_easy_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connectTimeoutSeconds)))
        try check(curlshims_easy_set_long(easy, CURLOPT_TIMEOUT_MS, milliseconds(request.timeoutSeconds)))
        try check(curlshims_easy_set_long(easy, CURLOPT_FOLLOWLOCATION, request.maximumRedirects > 0 ? 1 : 0))
        try check(curlshims_easy_set_long(easy, CURLOPT_MAXREDIRS, request.maximumRedirects))
        if let proxy = request.proxy { try check(curlshims_easy_set_string(easy, CURLOPT_PROXY, proxy)) }
        if let certificates = request.certificateAuthorities, !certificates.isEmpty {
            try check(
                certificates.withUnsafeBytes { bytes in
                    bytes.baseAddress.map {
                        curlshims_easy_set_blob(easy, CURLOPT_CAINFO_BLOB, $0, bytes.count)
                    } ?? CURLE_OK
                })
        }
        if let seconds = request.firstByteTimeoutSeconds {
            firstByteDeadline = .now.advanced(by: .milliseconds(milliseconds(seconds)))
        }
        let bound = curl_off_t(max(1, request.maximumResponseBytes))
        try check(curlshims_easy_set_offset(easy, CURLOPT_MAXFILESIZE_LARGE, bound))
        try check(curlshims_easy_set_pointer(easy, CURLOPT_WRITEDATA, context))
        try check(
            curlshims_easy_set_data_callback(easy, CURLOPT_WRITEFUNCTION) { bytes, unit, size, context in
                guard let context else { return 0 }
                let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                return transfer.take(UnsafeRawBufferPointer(start: bytes, count: unit * size))
            })
        try check(curlshims_easy_set_pointer(easy, CURLOPT_HEADERDATA, context))
        try check(
            curlshims_easy_set_data_callback(easy, CURLOPT_HEADERFUNCTION) { bytes, unit, size, context in
                guard let context else { return 0 }
                let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                return transfer.takeHeader(UnsafeRawBufferPointer(start: bytes, count: unit * size))
            })
        try setMethodAndBody(easy, check)
        try setHeaders(easy, check)
    }

    private func setMethodAndBody(
        _ easy: UnsafeMutableRawPointer, _ check: (CURLcode) throws(HTTPError) -> Void
    ) throws(HTTPError) {
        switch request.method {
        case .get: try check(curlshims_easy_set_long(easy, CURLOPT_HTTPGET, 1))
        case .head: try check(curlshims_easy_set_long(easy, CURLOPT_NOBODY, 1))
        case .post: try check(curlshims_easy_set_long(easy, CURLOPT_POST, 1))
        case .put, .delete: try check(curlshims_easy_set_string(easy, CURLOPT_CUSTOMREQUEST, request.method.rawValue))
        }
        if let body = request.body {
            try check(
                body.withUnsafeBytes { bytes in
                    // An empty array may have no address; libcurl wants one.
                    bytes.baseAddress.map { curlshims_easy_set_body(easy, $0, bytes.count) }
                        ?? curlshims_easy_set_body(easy, "", 0)
                })
        } else if request.method == .post {
            try check(curlshims_easy_set_body(easy, "", 0))
        }
    }

    private func setHeaders(
        _ easy: UnsafeMutableRawPointer, _ check: (CURLcode) throws(HTTPError) -> Void
    ) throws(HTTPError) {
        // "Expect:" keeps libcurl from waiting a second for "100 Continue" before a large body.
        for (name, value) in request.headers + [("Expect", "")] {
            let hasControls = (name + value).utf8.contains { $0 < 0x20 || $0 == 0x7f }
            guard !hasControls, !name.isEmpty, !name.utf8.contains(UInt8(ascii: ":")) else {
                throw error(.invalidRequest, "a header holds a control character or has no valid name")
            }
            guard let longer = curl_slist_append(headerList, "\(name):\(value.isEmpty ? "" : " " + value)") else {
                throw error(.broken, "out of memory for the headers")
            }
            headerList = longer
        }
        try check(curlshims_easy_set_list(easy, CURLOPT_HTTPHEADER, headerList))
    }

    private func milliseconds(_ seconds: Double) -> Int {
        // Zero would mean "no limit" to libcurl.
        seconds.isFinite ? Int(min(max(seconds * 1000, 1), 86_400_000)) : 86_400_000
    }

    private func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard body.count + bytes.count <= request.maximumResponseBytes else {
            isTooLarge = true
            return 0
        }
        body.append(contentsOf: bytes)
        return bytes.count
    }

    private func takeHeader(_ bytes: UnsafeRawBufferPointer) -> Int {
        headerBytes += bytes.count
        guard headerBytes <= Self.maximumHeaderBytes else {
            isTooLarge = true
            return 0
        }
        let line = String(decoding: bytes, as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            // A new status line: after "100 Continue" or a redirect only the last block counts.
            headers.removeAll()
        } else if let colon = line.firstIndex(of: ":") {
            headers.append((String(line[..<colon]).trimmed, String(line[line.index(after: colon)...]).trimmed))
        }
        return bytes.count
    }

    /// True when nothing came in the time for the first byte.
    func isLate(_ now: ContinuousClock.Instant) -> Bool {
        headerBytes == 0 && firstByteDeadline.map { $0 <= now } ?? false
    }

    /// Whether `firstByteDeadline` still counts.
    var awaitsFirstByte: Bool { headerBytes == 0 }

    /// What came of the finished transfer.
    func outcome(_ result: CURLcode) -> Result<HTTPResponse, HTTPError> {
        guard let easy else { return .failure(error(.broken, "never started")) }
        guard result == CURLE_OK else {
            return .failure(failure(result))
        }
        var status = 0
        var microseconds: curl_off_t = 0
        guard curlshims_easy_get_long(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK,
            curlshims_easy_get_offset(easy, CURLINFO_TOTAL_TIME_T, &microseconds) == CURLE_OK
        else { return .failure(error(.broken, "libcurl does not tell the response's status")) }
        return .success(
            HTTPResponse(
                status: status, headers: headers, body: body, totalSeconds: Double(microseconds) / 1_000_000))
    }

    private func failure(_ result: CURLcode) -> HTTPError {
        if isTooLarge || result == CURLE_FILESIZE_EXCEEDED {
            return error(.tooLarge, "the response is longer than \(request.maximumResponseBytes) bytes")
        }
        let code: HTTPError.Code =
            switch result {
            case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT: .invalidRequest
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .couldNotResolve
            case CURLE_COULDNT_CONNECT: .couldNotConnect
            case CURLE_OPERATION_TIMEDOUT: .timeout
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ENGINE_NOTFOUND,
                CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_USE_SSL_FAILED,
                CURLE_SSL_CACERT_BADFILE, CURLE_SSL_SHUTDOWN_FAILED, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR,
                CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS:
                .tls
            default: .broken
            }
        // libcurl's own text names host and port, never the user, password, headers or body. For a URL it cannot
        // parse it may quote a part of it, so there only the general text is given.
        let detail = code == .invalidRequest ? "" : String(cString: errorText)
        return error(code, detail.isEmpty ? String(cString: curl_easy_strerror(result)) : detail)
    }
}

extension String {
    fileprivate var trimmed: String {
        let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\n" || $0 == "\r\n" }
        let start = firstIndex { !blank($0) } ?? endIndex
        let end = lastIndex { !blank($0) }.map { index(after: $0) } ?? start
        return String(self[start..<end])
    }
}
