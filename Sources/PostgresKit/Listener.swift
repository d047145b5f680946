internal import CPostgres
internal import Dispatch
package import Logging

/// Hears `NOTIFY` on a connection of its own, and tells its subscribers. When the connection is lost it comes back by
/// itself, and says that something may have been missed.
package final class Listener: @unchecked Sendable {
    // Reason: every stored `var` is touched only on `queue`.

    /// What a subscriber hears.
    package enum Item: Sendable, Hashable {
        /// Listening from here on: what happened before may have been missed. The first item, after each reconnect, and
        /// when the subscriber read so slowly that items were dropped.
        case resync
        case notification(channel: String, payload: String)
    }

    /// A `PGconn` on its way into closures.
    private struct Raw: @unchecked Sendable {
        // Reason: touched only on `queue`.
        let pointer: OpaquePointer
    }

    private let settings: ConnectionSettings
    private let channels: [String]
    private let logger: Logger
    private let queue = DispatchQueue(label: "postgres.listener")
    private var raw: Raw?
    private var source: (any DispatchSourceRead)?
    private var observers: [Int: @Sendable (Item) -> Void] = [:]
    private var nextObserver = 0
    private var endings: [Int: @Sendable () -> Void] = [:]
    private var isStarted = false
    private var isClosed = false
    private var failures = 0

    /// Opens nothing yet. `channels` are lower-case names.
    package init(_ settings: ConnectionSettings, channels: [String], logger: Logger) {
        var settings = settings
        settings.applicationName += " listener"
        self.settings = settings
        self.channels = channels
        self.logger = logger
    }

    deinit {
        source?.cancel()
        for ending in endings.values { ending() }
    }

    /// Calls `observer` on the listener's queue for each item, beginning with `resync` once the listener is connected, and
    /// `ending` when it closes. Both must only hand over. Returns when the first attempt to connect is over, whichever way it
    /// went, with the number that `remove` takes.
    package func observe(
        _ observer: @escaping @Sendable (Item) -> Void, ending: @escaping @Sendable () -> Void
    ) async -> Int {
        await withCheckedContinuation { done in
            queue.async { done.resume(returning: self.add(observer, ending)) }
        }
    }

    /// Forgets an observer; it may still be called once while this returns.
    package func remove(_ number: Int) {
        queue.async {
            self.observers[number] = nil
            self.endings[number] = nil
        }
    }

    /// A stream of its own that begins with `resync` once the listener is connected. Returns when the first attempt to
    /// connect is over, whichever way it went; ends with `close` or the reader's task.
    ///
    /// At most `buffering` items wait; past that the oldest go and a `resync` follows.
    package func subscribe(buffering: Int = 256) async -> AsyncStream<Item> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Item.self, bufferingPolicy: .bufferingNewest(max(2, buffering)))
        let number = await observe { item in
            if case .dropped = continuation.yield(item), item != .resync {
                // As the newest item it cannot be the one that is dropped.
                continuation.yield(.resync)
            }
        } ending: {
            continuation.finish()
        }
        continuation.onTermination = { [weak self] _ in self?.remove(number) }
        return stream
    }

    /// Ends all streams and the connection. Idempotent.
    package func close() async {
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            queue.async {
                self.isClosed = true
                self.disconnect()
                for ending in self.endings.values { ending() }
                self.observers = [:]
                self.endings = [:]
                done.resume()
            }
        }
    }

    // MARK: On the queue

    private func add(_ observer: @escaping @Sendable (Item) -> Void, _ ending: @escaping @Sendable () -> Void) -> Int {
        nextObserver += 1
        guard !isClosed else {
            ending()
            return nextObserver
        }
        observers[nextObserver] = observer
        endings[nextObserver] = ending
        if !isStarted {
            isStarted = true
            connectNow()
        } else if raw != nil {
            observer(.resync)
        }
        return nextObserver
    }

    private func connectNow() {
        guard !isClosed, raw == nil else { return }
        do {
            let opened = try connect(settings, try settings.parsed())
            for channel in channels {
                let result = PQexec(opened, "LISTEN \(channel)")
                defer { PQclear(result) }
                guard PQresultStatus(result) == PGRES_COMMAND_OK else {
                    let reason = PQerrorMessage(opened).map { String(cString: $0) } ?? ""
                    PQfinish(opened)
                    throw PostgresError(.connection, "cannot LISTEN on \(channel): \(reason)")
                }
            }
            if failures > 0 { logger.notice("listening for database notifications again") }
            failures = 0
            watch(Raw(pointer: opened))
            tell(.resync)
        } catch {
            failures += 1
            // 0.1 s doubling to 5 s, with jitter so that many processes do not come back at once.
            let seconds = min(5, 0.1 * Double(1 << min(failures - 1, 6))) * Double.random(in: 0.75...1.25)
            if failures == 1 || failures % 20 == 0 {
                logger.warning("cannot listen for database notifications, trying on: \(error)")
            }
            queue.asyncAfter(deadline: .now() + seconds) { [weak self] in self?.connectNow() }
        }
    }

    private func watch(_ opened: Raw) {
        raw = opened
        let source = DispatchSource.makeReadSource(fileDescriptor: PQsocket(opened.pointer), queue: queue)
        source.setEventHandler { [weak self] in self?.read() }
        // The descriptor may be closed only when the source is done with it.
        source.setCancelHandler { PQfinish(opened.pointer) }
        self.source = source
        source.activate()
    }

    private func disconnect() {
        source?.cancel()
        source = nil
        raw = nil
    }

    private func read() {
        guard let raw else { return }
        let isAlive = PQconsumeInput(raw.pointer) == 1 && PQstatus(raw.pointer) == CONNECTION_OK
        while let notification = PQnotifies(raw.pointer) {
            defer { PQfreemem(notification) }
            guard let channel = notification.pointee.relname, let payload = notification.pointee.extra else { continue }
            tell(.notification(channel: String(cString: channel), payload: String(cString: payload)))
        }
        guard !isAlive else { return }
        logger.warning("the connection that listens for database notifications was lost; reconnecting")
        failures = 1
        disconnect()
        connectNow()
    }

    private func tell(_ item: Item) {
        for observer in observers.values { observer(item) }
    }
}
