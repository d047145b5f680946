import Foundation
import Testing

@testable import Simulator

/// The port that a misbehaving camera listens on.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct CameraDoorTests {
    /// Whether somebody accepts on the port.
    private func connects(to port: UInt16, then: (Int32) -> Void = { _ in }) -> Bool {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        inet_pton(AF_INET, "127.0.0.1", &name.sin_addr)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        let isConnected = withUnsafePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if isConnected { then(descriptor) }
        return isConnected
    }

    private func withServer(_ body: (UInt16) throws -> Void) throws {
        let server = try CameraDoor(address: "127.0.0.1", port: 0, server: 9, faults: ActiveFaults())
        defer { server.stop() }
        try body(server.port)
    }

    @Test func `a door that was shut refuses at once, and one that was opened takes`() throws {
        try withServer { server in
            let door = try CameraDoor(address: "127.0.0.1", port: 0, server: server, faults: ActiveFaults())
            defer { door.stop() }
            for round in 0..<300 {
                #expect(connects(to: door.port), "round \(round)")
                door.shut()
                #expect(!connects(to: door.port), "round \(round)")
                try door.open()
            }
        }
    }

    /// A socket's number is given to the next one that is opened. Whoever closes a number twice closes somebody else's.
    @Test func `who hangs up at once costs nobody else a socket`() throws {
        try withServer { server in
            let door = try CameraDoor(address: "127.0.0.1", port: 0, server: server, faults: ActiveFaults())
            defer { door.stop() }
            for _ in 0..<2000 {
                // With a reset, so that both sides end together.
                _ = connects(to: door.port) { descriptor in
                    var linger = linger(l_onoff: 1, l_linger: 0)
                    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
                }
                var ends: [Int32] = [0, 0]
                #expect(pipe(&ends) == 0)
                var byte: UInt8 = 7
                #expect(write(ends[1], &byte, 1) == 1 && read(ends[0], &byte, 1) == 1)
                #expect(close(ends[0]) == 0 && close(ends[1]) == 0)
            }
        }
    }
}
