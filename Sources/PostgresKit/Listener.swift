package import Logging

/// Hears `NOTIFY` on a connection of its own, and tells its subscribers. When the connection is lost it comes back by
/// itself, and says that something may have been missed.
package final class Listener: Sendable {
    /// What a subscriber hears.
    package enum Item: Sendable, Hashable {
        /// Listening from here on: what happened before may have been missed. The first item, after each reconnect, and
        /// when the subscriber read so slowly that items were dropped.
        case resync
        case notification(channel: String, payload: String)
    }

    private let core: ListenerCore

    /// Opens nothing yet. `channels` are lower-case names.
    package init(_ settings: ConnectionSettings, channels: [String], logger: Logger) {
        var settings = settings
        settings.applicationName += " listener"
        core = ListenerCore(settings, channels: channels, logger: logger)
    }

    deinit { core.close() }

    /// Calls `observer` for each item, beginning with `resync` once the listener is connected, and `ending` when it closes.
    /// Both must only hand over and not call the listener. Returns when the first attempt to connect is over, whichever way
    /// it went, with the number that `remove` takes.
    package func observe(
        _ observer: @escaping @Sendable (Item) -> Void, ending: @escaping @Sendable () -> Void
    ) async -> Int {
        let number = core.add(observer, ending)
        await core.firstAttempt()
        return number
    }

    /// Forgets an observer, which is not called any more after this returns.
    package func remove(_ number: Int) { core.remove(number) }

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
        continuation.onTermination = { [weak core] _ in core?.remove(number) }
        return stream
    }

    /// Ends all streams; the connection follows. Idempotent.
    package func close() async { core.close() }
}
