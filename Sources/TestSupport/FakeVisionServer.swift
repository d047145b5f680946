internal import Glibc
internal import Dispatch
internal import Synchronization

/// A model server on loopback that answers as it is told, for tests: a real socket and real HTTP, no model.
///
/// It runs one behaviour per request, in order; the last one stays. Every connection is closed after its response.
package final class FakeVisionServer: Sendable {
    /// One request as it arrived.
    package struct Request: Sendable {
        package var method: String
        package var path: String
        /// Names in lower case.
        package var headers: [String: String]
        package var body: [UInt8]

        /// The body as text.
        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    package struct SocketError: Error, Sendable {
        package var call: String
        package var errorNumber: Int32
    }

    private struct State {
        var script: [FakeVisionBehaviour]
        var requests: [Request] = []
        var connections: Set<Int32> = []
        var isStopped = false
    }

    /// Before `/chat/completions`.
    package let baseURL: String
    /// Every request when it has been read whole, in order.
    package let arrivals: AsyncStream<Request>
    private let arrived: AsyncStream<Request>.Continuation
    private let listener: Int32
    private let state: Mutex<State>
    private static let maximumRequestBytes = 32 << 20

    /// Listens on a free port of 127.0.0.1.
    package init(_ script: [FakeVisionBehaviour]) throws(SocketError) {
        func check(_ result: Int32, _ call: String) throws(SocketError) {
            if result < 0 { throw SocketError(call: call, errorNumber: errno) }
        }
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        try check(listener, "socket")
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        do throws(SocketError) {
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let bound = withUnsafeMutablePointer(to: &address) { address in
                address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    bind(listener, address, size) < 0 ? -1 : getsockname(listener, address, &size)
                }
            }
            try check(bound, "bind")
            try check(listen(listener, 16), "listen")
        } catch {
            close(listener)
            throw error
        }
        self.listener = listener
        baseURL = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/v1"
        state = Mutex(State(script: script))
        (arrivals, arrived) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(64))
        // A serial queue each for the listener and every connection: they block, and a concurrent queue has few threads.
        DispatchQueue(label: "fake-vision-server").async { [self] in acceptAll() }
    }

    /// All requests so far.
    package var requests: [Request] { state.withLock { $0.requests } }

    /// Counted without copying what was asked.
    package var requestCount: Int { state.withLock { $0.requests.count } }

    /// Ends the server and every connection. Twice is as good as once.
    package func stop() {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.isStopped = true
            // Wakes up whoever waits in `accept` or `recv`; they close their descriptors themselves.
            shutdown(listener, Int32(SHUT_RDWR))
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
        }
        arrived.finish()
    }

    private func acceptAll() {
        while true {
            let connection = accept(listener, nil, nil)
            if connection < 0 {
                if errno == EINTR { continue }
                break
            }
            let isWelcome = state.withLock { state in
                if !state.isStopped { state.connections.insert(connection) }
                return !state.isStopped
            }
            guard isWelcome else {
                close(connection)
                break
            }
            DispatchQueue(label: "fake-vision-server.connection").async { [self] in
                serve(connection)
                // Under the lock, so that `stop` never shuts down a descriptor that has been given out again.
                state.withLock { state in
                    state.connections.remove(connection)
                    close(connection)
                }
            }
        }
        close(listener)
    }

    private func serve(_ connection: Int32) {
        guard let request = Self.read(from: connection) else { return }
        let behaviour = state.withLock { state in
            state.requests.append(request)
            return state.script.count > 1 ? state.script.removeFirst() : state.script.first ?? .good
        }
        arrived.yield(request)
        let reply = behaviour.reply(to: request.text)
        if reply.delaySeconds > 0, Self.peerLeaves(connection, withinSeconds: reply.delaySeconds) { return }
        guard reply.status > 0 else { return }
        var head = "HTTP/1.1 \(reply.status) Status\r\nContent-Type: \(reply.contentType)\r\n"
        head += "Content-Length: \(reply.body.utf8.count)\r\nConnection: close\r\n"
        for (name, value) in reply.headers { head += "\(name): \(value)\r\n" }
        let body = Array(reply.body.utf8)
        let sent = body.prefix(reply.isCutShort ? body.count / 2 : body.count)
        guard reply.bodyDelaySeconds > 0 else { return Self.write(Array((head + "\r\n").utf8) + sent, to: connection) }
        Self.write(Array((head + "\r\n").utf8), to: connection)
        if Self.peerLeaves(connection, withinSeconds: reply.bodyDelaySeconds) { return }
        Self.write(Array(sent), to: connection)
    }

    private static func read(from connection: Int32) -> Request? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        var head: (end: Int, length: Int, request: Request)?
        while bytes.count <= maximumRequestBytes {
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            bytes += chunk[..<count]
            if head == nil { head = parseHead(bytes) }
            if let (end, length, parsed) = head, bytes.count >= end + length {
                var request = parsed
                request.body = Array(bytes[end..<(end + length)])
                return request
            }
        }
        return nil
    }

    private static func parseHead(_ bytes: [UInt8]) -> (end: Int, length: Int, request: Request)? {
        guard
            let end = bytes.indices.dropLast(3).first(where: { bytes[$0..<($0 + 4)].elementsEqual([13, 10, 13, 10]) })
        else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let first = (lines.first ?? "").split(separator: " ")
        guard first.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " }) }
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        let request = Request(method: String(first[0]), path: String(first[1]), headers: headers, body: [])
        return (end + 4, max(0, length), request)
    }

    /// Waits; true if the peer closed the connection (or the server was stopped) before the time was over.
    private static func peerLeaves(_ connection: Int32, withinSeconds seconds: Double) -> Bool {
        var descriptor = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, Int32(min(seconds * 1000, 3_600_000))) != 0
    }

    private static func write(_ bytes: [UInt8], to connection: Int32) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                bytes.baseAddress.map { send(connection, $0 + sent, bytes.count - sent, Int32(MSG_NOSIGNAL)) }
                    ?? -1
            }
            guard count > 0 else { return }
            sent += count
        }
    }
}
