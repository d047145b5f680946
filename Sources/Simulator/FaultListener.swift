import Foundation
import Synchronization

/// A TCP port that is taken and does not talk: refuses connections, or lets the system accept them and never answers.
final class FaultListener: Sendable {
    let port: UInt16
    private let socket: Mutex<Int32>

    /// `answers`: connections come about (in the system's queue) and stay silent; else they are refused, while nobody
    /// else can take the port.
    init(address: String, accepts: Bool) throws(SimulatorError) {
        let descriptor = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Self.failure("socket", address) }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        guard inet_pton(AF_INET, address, &name.sin_addr) == 1 else {
            close(descriptor)
            throw SimulatorError(
                .configuration, "streams that refuse or never answer need a numeric IPv4 address, not \(address)")
        }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                bind(descriptor, name, length) == 0 && getsockname(descriptor, name, &length) == 0
            }
        }
        guard bound, !accepts || listen(descriptor, 64) == 0 else {
            let error = Self.failure("bind", address)
            close(descriptor)
            throw error
        }
        port = UInt16(bigEndian: name.sin_port)
        socket = Mutex(descriptor)
    }

    deinit { stop() }

    func stop() {
        socket.withLock { socket in
            if socket >= 0 { close(socket) }
            socket = -1
        }
    }

    private static func failure(_ call: String, _ address: String) -> SimulatorError {
        SimulatorError(.listening, "cannot take a port on \(address): \(call): \(String(cString: strerror(errno)))")
    }
}
