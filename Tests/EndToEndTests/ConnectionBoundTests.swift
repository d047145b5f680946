import Foundation
import Glibc
import Testing

extension EndToEnd {
    /// Whoever only connects.
    @Suite(.serialized) struct ConnectionBoundTests {
        private static let descriptors = 256
        /// A quarter of the descriptors.
        private static let clients = 64

        /// Begins to connect to a port of this machine; nobody waits for the end of that.
        private static func connect(to port: Int) throws -> Int32 {
            let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            try #require(client >= 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr = in_addr(s_addr: inet_addr("127.0.0.1"))
            let status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            try #require(status == 0 || errno == EINPROGRESS || errno == EAGAIN)
            return client
        }

        @Test(.timeLimit(.minutes(20)))
        func `clients who only connect take a quarter of what may be open, and the rest goes on`() async throws {
            let vedette = try VedetteProcess(settings: "", descriptors: Self.descriptors)
            var clients: [Int32] = []
            func hangUp() {
                for client in clients { close(client) }
                clients = []
            }
            do {
                try await vedette.start()
                #expect(try await vedette.get("/v1/me").status == 200)
                let port = try #require(URL(string: vedette.base)?.port)
                /// Sockets that the process has open.
                func sockets() throws -> Int {
                    let folder = "/proc/\(vedette.processID)/fd"
                    return try FileManager.default.contentsOfDirectory(atPath: folder).count {
                        // It may be closed by now.
                        (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)"))?
                            .hasPrefix("socket:") ?? false
                    }
                }
                let before = try sockets()
                for _ in 0..<200 { clients.append(try Self.connect(to: port)) }
                var most = 0
                func isFull() throws -> Bool {
                    most = max(most, try sockets() - before)
                    // One of those before was the client that asked who it is.
                    return most >= Self.clients - 1
                }
                try await vedette.wait("as many as may", seconds: 60, until: isFull)
                // Others get in when some have gone, and no more than those.
                for client in clients.prefix(20) { close(client) }
                clients.removeFirst(20)
                // That others stay out gives no signal, so it is looked at for a second.
                for _ in 0..<20 {
                    _ = try isFull()
                    try await Task.sleep(for: .milliseconds(50))
                }
                // Beside them the database may have been asked for something.
                #expect(most <= Self.clients + 10)
                hangUp()
                try await vedette.wait("an answer again", seconds: 60) {
                    (try? await vedette.get("/v1/me").status) == 200
                }
                #expect(!vedette.log.contains("Too many open files"))
                await vedette.cleanUp()
            } catch {
                hangUp()
                await vedette.cleanUp()
                throw error
            }
        }
    }
}
