import Foundation
import Synchronization

/// One client's connection at a `CameraDoor`. Two blocking threads of its own, which end when either side closes.
final class DoorLink: Sendable {
    private struct State {
        var threads = 0
        var isClosed = false
    }
    private let client: Int32
    /// Nil where the camera answers for itself.
    private let server: Int32?
    private let faults: ActiveFaults
    private let onEnd: @Sendable () -> Void
    private let state = Mutex(State())

    /// Takes both sockets over. `onEnd` is called once, when both are closed.
    init(client: Int32, server: Int32?, faults: ActiveFaults, onEnd: @escaping @Sendable () -> Void) {
        self.client = client
        self.server = server
        self.faults = faults
        self.onEnd = onEnd
    }

    func start() {
        guard let server else { return run([{ link in link.answer() }]) }
        run([
            { link in link.pump(from: link.client, to: server, answers: false) },
            { link in link.pump(from: server, to: link.client, answers: true) },
        ])
    }

    /// Ends the threads, which close the sockets. Any thread.
    func close() {
        state.withLock { state in
            guard !state.isClosed else { return }
            shutdown(client, Int32(SHUT_RDWR))
            if let server { shutdown(server, Int32(SHUT_RDWR)) }
        }
    }

    private func run(_ bodies: [@Sendable (DoorLink) -> Void]) {
        // All at once: were they counted one by one, the first could end, and close the sockets, before the next begins to
        // use their numbers.
        state.withLock { $0.threads = bodies.count }
        for body in bodies {
            let thread = Thread { [self] in
                body(self)
                close()
                let isLast = state.withLock { state in
                    state.threads -= 1
                    guard state.threads == 0 else { return false }
                    state.isClosed = true
                    Foundation.close(client)
                    if let server { Foundation.close(server) }
                    return true
                }
                if isLast { onEnd() }
            }
            thread.stackSize = 256 << 10
            thread.start()
        }
    }

    /// Copies until either side ends.
    private func pump(from source: Int32, to sink: Int32, answers: Bool) {
        var random = SplitMix(state: UInt64(bitPattern: Int64(source)) &* 77 &+ 1)
        withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 8) { buffer in
            while true {
                let rate: Double? =
                    answers ? faults.latest { if case .slow(let kilobits) = $0 { kilobits } else { nil } } : nil
                let count = recv(source, buffer.baseAddress, rate == nil ? buffer.count : 1024, 0)
                guard count > 0 else { return }
                if answers, faults.has(.garbage) {
                    for index in 0..<count { buffer[index] = UInt8(truncatingIfNeeded: random.next()) }
                }
                guard send(UnsafeRawBufferPointer(rebasing: buffer[..<count]), to: sink) else { return }
                // Bits by kilobits a second are milliseconds.
                if let rate { usleep(useconds_t(min(Double(count) * 8 / rate * 1000, 1e9))) }
            }
        }
    }

    /// Reads requests and answers them as the fault wants.
    private func answer() {
        var pending: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(client, &chunk, chunk.count, 0)
            guard count > 0 else { return }
            if faults.has(.hang) { continue }
            pending += chunk[..<count]
            guard pending.count < 64 << 10 else { return }
            while let request = RTSPRequestHead(takingFrom: &pending) {
                if faults.has(.endlessSDP), request.method == "DESCRIBE" {
                    describeForEver(request)
                    return
                }
                let answer = faults.has(.unauthorized) ? request.refusal : request.welcome
                guard answer.utf8.withContiguousStorageIfAvailable({ send(.init($0), to: client) }) ?? false else {
                    return
                }
            }
        }
    }

    private func describeForEver(_ request: RTSPRequestHead) {
        let head = [UInt8](request.endlessDescription.utf8)
        guard head.withUnsafeBytes({ send($0, to: client) }) else { return }
        let lines = [UInt8](String(repeating: "a=x-endless:0123456789abcdef0123456789abcdef\r\n", count: 1024).utf8)
        while lines.withUnsafeBytes({ send($0, to: client) }) { usleep(1000) }
    }

    private func send(_ bytes: UnsafeRawBufferPointer, to sink: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = Foundation.send(
                sink, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}

/// As much of an RTSP request as it takes to answer it.
struct RTSPRequestHead: Sendable, Hashable {
    var method: String
    /// The request's number, which the answer repeats.
    var sequence: String

    /// Takes the first whole request off the front of what has arrived; nil where there is none yet.
    init?(takingFrom bytes: inout [UInt8]) {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(whereSeparator: \.isNewline)
        bytes.removeFirst(end.upperBound)
        method = lines.first?.split(separator: " ").first.map(String.init) ?? ""
        let line = lines.first { $0.lowercased().hasPrefix("cseq:") }
        sequence = line?.drop { $0 != ":" }.dropFirst().trimmingCharacters(in: .whitespaces) ?? "0"
    }

    var refusal: String {
        "RTSP/1.0 401 Unauthorized\r\nCSeq: \(sequence)\r\n"
            + "WWW-Authenticate: Digest realm=\"camera\", nonce=\"0123456789abcdef\"\r\n\r\n"
    }

    var welcome: String {
        "RTSP/1.0 200 OK\r\nCSeq: \(sequence)\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n"
    }

    /// The beginning of a description that claims to be 4 GB long.
    var endlessDescription: String {
        "RTSP/1.0 200 OK\r\nCSeq: \(sequence)\r\nContent-Type: application/sdp\r\nContent-Length: 4000000000\r\n\r\n"
            + "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=endless\r\nt=0 0\r\n"
    }
}
