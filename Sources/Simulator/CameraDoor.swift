import Dispatch
import Foundation
import Synchronization

/// A TCP port of one camera's own: passes connections on to the site's server, or misbehaves as the camera does.
final class CameraDoor: Sendable {
    private struct Listener: @unchecked Sendable {
        // Dispatch documents its sources as thread-safe.
        let source: any DispatchSourceRead
        /// Empty when the socket is closed.
        let open = DispatchGroup()
    }
    private struct State {
        /// Bound and never listening: keeps the port while nobody listens, so that connections are refused.
        var holder: Int32
        var listener: Listener?
        var links: [Int: DoorLink] = [:]
        var next = 0
    }

    let port: UInt16
    private let address: String
    private let server: UInt16
    private let faults: ActiveFaults
    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "vedette.simulate.door")

    /// Listens on `port`, or a free one for 0, and passes on to `server` on the same address.
    init(address: String, port: UInt16, server: UInt16, faults: ActiveFaults) throws(SimulatorError) {
        self.address = address
        self.server = server
        self.faults = faults
        let (holder, taken) = try Self.bound(address, port)
        self.port = taken
        state = Mutex(State(holder: holder))
        do throws(SimulatorError) {
            try open()
        } catch {
            stop()
            throw error
        }
    }

    deinit { stop() }

    /// Closes all connections; how many.
    @discardableResult
    func hangUp() -> Int {
        let links = state.withLock { Array($0.links.values) }
        for link in links { link.close() }
        return links.count
    }

    /// Listens again; nothing where it does.
    func open() throws(SimulatorError) {
        guard state.withLock({ $0.holder >= 0 && $0.listener == nil }) else { return }
        let (descriptor, _) = try Self.bound(address, port)
        guard listen(descriptor, 64) == 0 else {
            let error = Self.failure("listen", address)
            close(descriptor)
            throw error
        }
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler { [weak self] in self?.accept(from: descriptor) }
        let listener = Listener(source: source)
        listener.open.enter()
        source.setCancelHandler { [open = listener.open] in
            // A process that is just being started may hold the socket, too, until it is its own.
            shutdown(descriptor, Int32(SHUT_RDWR))
            close(descriptor)
            open.leave()
        }
        state.withLock { $0.listener = listener }
        listener.source.activate()
    }

    /// Refuses connections from now on and closes those there are. Waits for the door's queue, so not to be called on it.
    func shut() {
        let listener = state.withLock { state in
            defer { state.listener = nil }
            return state.listener
        }
        listener?.source.cancel()
        // The port refuses when this returns. Dispatch calls the handler when it has let go of the socket, at a time of its own.
        listener?.open.wait()
        hangUp()
    }

    /// Closes everything and gives the port back; idempotent.
    func stop() {
        let (listener, holder) = state.withLock { state in
            defer { (state.listener, state.holder) = (nil, -1) }
            return (state.listener, state.holder)
        }
        listener?.source.cancel()
        if holder >= 0 { close(holder) }
        hangUp()
    }

    private func accept(from listener: Int32) {
        let client = Foundation.accept(listener, nil, nil)
        guard client >= 0 else { return }
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        let number = state.withLock { state in
            defer { state.next += 1 }
            return state.next
        }
        let upstream: Int32?
        if faults.has(.hang) || faults.has(.unauthorized) || faults.has(.endlessSDP) {
            upstream = nil
        } else {
            guard let connected = Self.connected(address, server) else {
                close(client)
                return
            }
            upstream = connected
        }
        let link = DoorLink(client: client, server: upstream, faults: faults) { [weak self] in
            self?.state.withLock { state in _ = state.links.removeValue(forKey: number) }
        }
        let isOpen = state.withLock { state in
            state.links[number] = link
            return state.holder >= 0 && state.listener != nil
        }
        link.start()
        // Whoever closed the door meanwhile did not see this one.
        if !isOpen { link.close() }
    }

    // MARK: Sockets

    private static func name(_ address: String, _ port: UInt16) -> sockaddr_in? {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        return inet_pton(AF_INET, address, &name.sin_addr) == 1 ? name : nil
    }

    /// A socket that is bound, beside others of ours on the same port, and does not listen.
    private static func bound(_ address: String, _ port: UInt16) throws(SimulatorError) -> (Int32, UInt16) {
        guard var name = name(address, port) else {
            throw SimulatorError(
                .configuration, "cameras that misbehave by a script need a numeric IPv4 address, not \(address)")
        }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure("socket", address) }
        var on: Int32 = 1
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, socklen_t(MemoryLayout<Int32>.size))
        let isBound = withUnsafeMutablePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                bind(descriptor, name, length) == 0 && getsockname(descriptor, name, &length) == 0
            }
        }
        guard isBound else {
            let error = failure("bind", address)
            close(descriptor)
            throw error
        }
        return (descriptor, UInt16(bigEndian: name.sin_port))
    }

    private static func connected(_ address: String, _ port: UInt16) -> Int32? {
        guard var name = name(address == "0.0.0.0" ? "127.0.0.1" : address, port) else { return nil }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        let isConnected = withUnsafePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if !isConnected { close(descriptor) }
        return isConnected ? descriptor : nil
    }

    private static func failure(_ call: String, _ address: String) -> SimulatorError {
        SimulatorError(.listening, "cannot take a port on \(address): \(call): \(String(cString: strerror(errno)))")
    }
}
