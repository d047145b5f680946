import Domain
import Logging
import Synchronization

/// Takes the store's changes once, and passes them to every open event stream.
///
/// A reader that falls behind by more than its buffer is cut off; it reconnects and reads the list again.
package final class EventHub: Sendable {
    struct Message: Sendable {
        var organization: Identifier<Organization>
        /// Nil for a deletion, which tells nothing but the id.
        var place: (site: Identifier<Site>, camera: Identifier<Camera>)?
        /// One server-sent event, complete. Its id is the microsecond of the change.
        var text: String
    }
    private struct Readers {
        var next = 0
        var continuations: [Int: AsyncStream<Message>.Continuation] = [:]
        /// Open streams by who reads.
        var streams: [Principal.Actor: Int] = [:]
    }
    /// Of one user or key.
    static let mostStreams = 32
    private static let bufferedMessages = 256
    private let events: any EventStore
    private let logger: Logger
    private let readers = Mutex(Readers())

    package init(events: any EventStore, logger: Logger) {
        self.events = events
        self.logger = logger
    }

    /// Runs until cancelled, then ends every stream.
    package func run() async throws {
        for await change in try await events.changes() {
            guard readers.withLock({ !$0.continuations.isEmpty }) else { continue }
            do {
                broadcast(try await message(for: change))
            } catch StoreError.notFound {
                continue
            } catch {
                logger.warning("a change could not be passed on", metadata: ["error": "\(error)"])
            }
        }
        let left = readers.withLock { Array($0.continuations.values) }
        for continuation in left { continuation.finish() }
    }

    /// Throws `StoreError.notFound` where the event is gone meanwhile, or hidden from `RestrictedViewer.current`.
    func message(for change: EventChange) async throws -> Message {
        let id = Self.text(of: change.at)
        if change.kind == .deleted {
            return Message(
                organization: change.organization, place: nil,
                text: "event: deleted\nid: \(id)\ndata: {\"id\":\"\(change.event)\"}\n\n")
        }
        let event = try await events.event(change.event, of: change.organization)
        let json = String(decoding: try jsonBytes(EventDTO(event)), as: UTF8.self)
        return Message(
            organization: change.organization, place: (event.record.site, event.record.camera),
            text: "event: event\nid: \(id)\ndata: \(json)\n\n")
    }

    /// Changes commit a little later than they carry: this much is told again, so that nothing is missed.
    static let overlapSeconds = 30.0
    /// More changes than this are not told one by one; the client reads the list anew.
    static let mostReplayed = 2000

    /// What a client missed since the message with this id; nil where that cannot be told.
    func missed(since lastEventID: String, of organization: Identifier<Organization>, now: WallTime) async throws
        -> [EventChange]?
    {
        guard let microseconds = Int64(lastEventID), microseconds > 0, microseconds < Int64.max / 1000 else {
            return nil
        }
        let since = WallTime(nanosecondsSinceEpoch: microseconds * 1000)
        guard now.seconds(since: since) < EventChange.deletionMemorySeconds,
            now.seconds(since: since) > -Self.overlapSeconds
        else { return nil }
        let changes = try await events.changes(
            since: since.advanced(bySeconds: -Self.overlapSeconds), of: organization, limit: Self.mostReplayed + 1)
        return changes.count > Self.mostReplayed ? nil : changes
    }

    static func text(of time: WallTime) -> String { "\(time.nanosecondsSinceEpoch / 1000)" }

    func broadcast(_ message: Message) {
        let cut = readers.withLock { readers in
            readers.continuations.filter { _, continuation in
                if case .dropped = continuation.yield(message) { true } else { false }
            }
        }
        // Outside the lock, which what ends a stream takes too.
        for continuation in cut.values { continuation.finish() }
    }

    /// As `subscribe`, for a user or key; nil where it has `mostStreams` already.
    func subscribe(for actor: Principal.Actor) -> AsyncStream<Message>? {
        let isRoom = readers.withLock { readers in
            guard readers.streams[actor, default: 0] < Self.mostStreams else { return false }
            readers.streams[actor, default: 0] += 1
            return true
        }
        return isRoom
            ? subscribe { [weak self] in
                self?.readers.withLock { readers in
                    let left = readers.streams[actor, default: 1] - 1
                    readers.streams[actor] = left > 0 ? left : nil
                }
            } : nil
    }

    /// All messages from now on; the caller filters by organization. Ends when the reader is too slow or the hub stops.
    func subscribe(onEnd: @escaping @Sendable () -> Void = {}) -> AsyncStream<Message> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Message.self, bufferingPolicy: .bufferingOldest(Self.bufferedMessages))
        let number = readers.withLock { readers in
            readers.next += 1
            readers.continuations[readers.next] = continuation
            return readers.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.readers.withLock { $0.continuations[number] = nil }
            onEnd()
        }
        return stream
    }
}
