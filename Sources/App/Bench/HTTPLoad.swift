import Dispatch
import Glibc

/// Many HTTP/1.1 connections driven by one thread, cheap enough to leave the cores to the server.
struct HTTPLoad {
    struct Outcome: Sendable {
        /// Milliseconds from when a request was due, so that waiting for a free connection counts. Up to
        /// one of them is the wait's own, in whole milliseconds.
        var latencies = Samples()
        var statuses: [Int: Int] = [:]
        var seconds = 0.0
        var perSecond: Double { seconds > 0 ? Double(latencies.values.count) / seconds : 0 }
    }
    struct Failure: Error, CustomStringConvertible { var description: String }

    let port: UInt16

    /// One keep-alive connection.
    private struct Connection {
        var descriptor: Int32
        /// When the request under way was due; nil where none is.
        var due: Double?
        var received: [UInt8] = []
        /// Of the whole answer, once its head is there.
        var length: Int?
        var status = 0
    }

    /// Sends `count` requests, `perSecond` of them where that is given, else as fast as answers come.
    func run(
        connections: Int, count: Int, perSecond: Double? = nil, request: @escaping @Sendable (Int) -> String
    ) async throws -> Outcome {
        let port = self.port
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result { try Self.drive(port, connections, count, perSecond, request) })
            }
        }
    }

    /// A connected socket. The caller closes it.
    static func connected(to port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(description: "no socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw Failure(description: "cannot connect to port \(port)")
        }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        return descriptor
    }

    static func send(_ text: String, on descriptor: Int32) throws {
        let bytes = Array(text.utf8)
        var done = 0
        while done < bytes.count {
            let sent = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { throw Failure(description: "the server closed a connection") }
            done += sent
        }
    }

    /// Seconds of a clock that only goes forward.
    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func drive(
        _ port: UInt16, _ number: Int, _ count: Int, _ perSecond: Double?, _ request: (Int) -> String
    ) throws -> Outcome {
        var connections: [Connection] = []
        defer { for connection in connections { close(connection.descriptor) } }
        for _ in 0..<number { connections.append(Connection(descriptor: try connected(to: port))) }
        var outcome = Outcome()
        var sent = 0
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        let begin = now()
        while outcome.latencies.values.count < count {
            for index in connections.indices where connections[index].due == nil && sent < count {
                let due = perSecond.map { begin + Double(sent) / $0 } ?? now()
                guard due <= now() else { break }
                connections[index].due = due
                try send(request(sent), on: connections[index].descriptor)
                sent += 1
            }
            var polled = connections.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
            // Who has no free connection waits for an answer: one that looks again and again takes the server's processor.
            var wait: Int32 = 1000
            if let perSecond, sent < count, connections.contains(where: { $0.due == nil }) {
                let seconds = begin + Double(sent) / perSecond - now()
                wait = Int32(max(0, min(1000, (seconds * 1000).rounded(.up))))
            }
            guard poll(&polled, nfds_t(polled.count), wait) >= 0 || errno == EINTR else {
                throw Failure(description: "poll failed")
            }
            for index in polled.indices where polled[index].revents != 0 {
                try receive(&connections[index], &piece, &outcome)
            }
        }
        outcome.seconds = now() - begin
        return outcome
    }

    private static func receive(
        _ connection: inout Connection, _ piece: inout [UInt8], _ outcome: inout Outcome
    ) throws {
        let got = piece.withUnsafeMutableBytes { recv(connection.descriptor, $0.baseAddress, $0.count, 0) }
        guard got > 0 else { throw Failure(description: "the server closed a connection") }
        connection.received += piece[..<got]
        if connection.length == nil, let head = head(of: connection.received) {
            connection.length = head.length
            connection.status = head.status
        }
        guard let length = connection.length, connection.received.count >= length else { return }
        connection.received.removeFirst(length)
        connection.length = nil
        outcome.statuses[connection.status, default: 0] += 1
        if let due = connection.due { outcome.latencies.add((now() - due) * 1000) }
        connection.due = nil
    }

    /// By bytes: whoever asks shares the processors with the server that is measured.
    private static func head(of bytes: [UInt8]) -> (status: Int, length: Int)? {
        func number(_ digits: some Sequence<UInt8>) -> Int {
            digits.lazy.drop { $0 == UInt8(ascii: " ") }.prefix { (48...57).contains($0) }.reduce(0) {
                $0 * 10 + Int($1 - 48)
            }
        }
        var body = 0
        var lineStart = 0
        while let lineEnd = bytes[lineStart...].firstIndex(of: 10) {
            let line = bytes[lineStart..<lineEnd]
            // The empty line, which ends with a carriage return, too.
            if line.count <= 1 { return (number(bytes.dropFirst(9).prefix(3)), lineEnd + 1 + body) }
            if line.lazy.map({ $0 | 0x20 }).starts(with: lengthName) { body = number(line.dropFirst(lengthName.count)) }
            lineStart = lineEnd + 1
        }
        return nil
    }

    private static let lengthName = Array("content-length:".utf8)
}
