import Domain
import Logging
import Synchronization

/// Takes the store's changes once, and passes them to every open event stream.
///
/// A reader that falls behind by more than its buffer is cut off; it reconnects and reads the list again.
package final class EventHub: Sendable {
    struct Message: Sendable {
        var organization: Identifier<Organization>
        /// One server-sent event, complete.
        var text: String
    }
    private struct Readers {
        var next = 0
        var continuations: [Int: AsyncStream<Message>.Continuation] = [:]
    }
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
        readers.withLock { $0.continuations.values.forEach { $0.finish() } }
    }

    private func message(for change: EventChange) async throws -> Message {
        if change.kind == .deleted {
            return Message(
                organization: change.organization,
                text: "event: deleted\nid: \(change.event)\ndata: {\"id\":\"\(change.event)\"}\n\n")
        }
        let event = try await events.event(change.event, of: change.organization)
        let json = String(decoding: try jsonBytes(EventDTO(event)), as: UTF8.self)
        return Message(organization: change.organization, text: "event: event\nid: \(change.event)\ndata: \(json)\n\n")
    }

    private func broadcast(_ message: Message) {
        readers.withLock { readers in
            for (number, continuation) in readers.continuations {
                if case .dropped = continuation.yield(message) {
                    continuation.finish()
                    readers.continuations[number] = nil
                }
            }
        }
    }

    /// All messages from now on; the caller filters by organization. Ends when the reader is too slow or the hub stops.
    func subscribe() -> AsyncStream<Message> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Message.self, bufferingPolicy: .bufferingOldest(Self.bufferedMessages))
        let number = readers.withLock { readers in
            readers.next += 1
            readers.continuations[readers.next] = continuation
            return readers.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.readers.withLock { $0.continuations[number] = nil }
        }
        return stream
    }
}
