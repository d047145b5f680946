internal import CPostgres
internal import Dispatch
internal import Glibc
internal import Logging
internal import Synchronization

/// The listener's thread and what it shares with those who listen.
///
/// A thread that waits in `poll`, and not a dispatch source: on Linux a source for a socket that its peer has closed is
/// deregistered at its first event, and one made in its place was seen never to fire.
final class ListenerCore: Sendable {
    private struct State {
        var observers: [Int: @Sendable (Listener.Item) -> Void] = [:]
        var endings: [Int: @Sendable () -> Void] = [:]
        var next = 0
        var isStarted = false
        var isConnected = false
        var isClosed = false
        var hasTried = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let settings: ConnectionSettings
    private let channels: [String]
    private let logger: Logger
    // Observers are called with it held, so that each hears items in their order from its first `resync` on.
    private let state = Mutex(State())
    /// Interrupts the thread's waiting.
    private let bell: Bell?

    init(_ settings: ConnectionSettings, channels: [String], logger: Logger) {
        self.settings = settings
        self.channels = channels
        self.logger = logger
        bell = Bell()
    }

    func add(_ observer: @escaping @Sendable (Listener.Item) -> Void, _ ending: @escaping @Sendable () -> Void) -> Int {
        state.withLock { state in
            state.next += 1
            guard !state.isClosed else {
                ending()
                return state.next
            }
            state.observers[state.next] = observer
            state.endings[state.next] = ending
            if state.isConnected { observer(.resync) }
            if !state.isStarted {
                state.isStarted = true
                DispatchQueue(label: "postgres.listener").async { self.listen() }
            }
            return state.next
        }
    }

    func remove(_ number: Int) {
        // Let go outside the lock: what they hold may end here and call us.
        let removed = state.withLock { state in
            (state.observers.removeValue(forKey: number), state.endings.removeValue(forKey: number))
        }
        withExtendedLifetime(removed) {}
    }

    /// Returns when the first attempt to connect is over.
    func firstAttempt() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.hasTried || state.isClosed { return true }
                state.waiting.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    func close() {
        let (observers, endings, waiting) = state.withLock { state in
            state.isClosed = true
            defer {
                state.observers = [:]
                state.endings = [:]
                state.waiting = []
            }
            return (state.observers, state.endings, state.waiting)
        }
        bell?.ring()
        for ending in endings.values { ending() }
        for continuation in waiting { continuation.resume() }
        withExtendedLifetime(observers) {}
    }

    // MARK: The thread

    private var isClosed: Bool { state.withLock { $0.isClosed } }

    private func listen() {
        var failures = 0
        while !isClosed {
            do {
                let raw = try open()
                defer { PQfinish(raw) }
                if failures > 0 { logger.notice("listening for database notifications again") }
                failures = 0
                setConnected(true)
                defer { setConnected(false) }
                hear(raw)
                guard !isClosed else { return }
                logger.warning("the connection that listens for database notifications was lost; reconnecting")
                failures = 1
            } catch {
                finishAttempt()
                failures += 1
                if failures == 1 || failures % 20 == 0 {
                    logger.warning("cannot listen for database notifications, trying on: \(error)")
                }
                // 0.1 s doubling to 5 s, with jitter so that many processes do not come back at once.
                let seconds = min(5, 0.1 * Double(1 << min(failures - 1, 6))) * Double.random(in: 0.75...1.25)
                wait(nil, milliseconds: Int32(seconds * 1000))
            }
        }
    }

    private func open() throws -> OpaquePointer {
        let raw = try connect(settings, try settings.parsed())
        for channel in channels {
            let result = PQexec(raw, "LISTEN \(channel)")
            defer { PQclear(result) }
            guard PQresultStatus(result) == PGRES_COMMAND_OK else {
                let reason = PQerrorMessage(raw).map { String(cString: $0) } ?? ""
                PQfinish(raw)
                throw PostgresError(.connection, "cannot LISTEN on \(channel): \(reason)")
            }
        }
        return raw
    }

    /// Until the connection is lost or the listener closed.
    private func hear(_ raw: OpaquePointer) {
        while !isClosed {
            // First what came together with the answer to LISTEN.
            while let notification = PQnotifies(raw) {
                defer { PQfreemem(notification) }
                guard let channel = notification.pointee.relname, let payload = notification.pointee.extra else {
                    continue
                }
                tell(.notification(channel: String(cString: channel), payload: String(cString: payload)))
            }
            wait(PQsocket(raw), milliseconds: -1)
            guard PQconsumeInput(raw) == 1, PQstatus(raw) == CONNECTION_OK else { return }
        }
    }

    /// Until there is something to read, the bell rings, or the time is over (-1: never).
    private func wait(_ socket: Int32?, milliseconds: Int32) {
        var descriptors = [bell?.descriptor, socket].compactMap { $0 }.map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        // An error or a signal only makes the caller look once more.
        _ = poll(&descriptors, nfds_t(descriptors.count), milliseconds)
    }

    private func setConnected(_ isConnected: Bool) {
        state.withLock { state in
            state.isConnected = isConnected
            if isConnected { for observer in state.observers.values { observer(.resync) } }
        }
        finishAttempt()
    }

    private func finishAttempt() {
        let waiting = state.withLock { state in
            state.hasTried = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    private func tell(_ item: Listener.Item) {
        state.withLock { state in for observer in state.observers.values { observer(item) } }
    }
}

/// A pipe that a waiting thread polls beside its socket.
private final class Bell: Sendable {
    let descriptor: Int32
    private let end: Int32

    /// Nil where there are no descriptors left; then closing takes until the next item or loss of the connection.
    init?() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        descriptor = ends[0]
        end = ends[1]
    }

    deinit {
        Glibc.close(descriptor)
        Glibc.close(end)
    }

    /// Rings for good.
    func ring() {
        var byte: UInt8 = 1
        _ = write(end, &byte, 1)
    }
}
