internal import Domain
internal import FoundationEssentials
internal import PostgresKit

/// Turns notifications into changes; after a gap in listening it reads from the table what changed meanwhile.
actor EventChangeFeed {
    private let pool: Pool
    private let items: AsyncStream<Listener.Item>.Iterator
    private var pending: [EventChange] = []
    /// The database's time of the newest change that was seen; nil before the first `resync`.
    private var seenMicroseconds: Int64?

    /// Changes commit later than they carry; this much is read again after a gap.
    private static let overlapMicroseconds: Int64 = 30_000_000
    /// Newest changes that are read after a gap.
    private static let mostAfterGap = 1000

    init(pool: Pool, items: AsyncStream<Listener.Item>) {
        self.pool = pool
        self.items = items.makeAsyncIterator()
    }

    /// Called by one reader at a time.
    func next() async -> EventChange? {
        while true {
            if let change = pending.popLast() { return change }
            // A copy reads from the same stream.
            var items = self.items
            switch await items.next(isolation: self) {
            case nil:
                return nil
            case .notification(Channel.events, let payload):
                guard let payload = Channel.EventPayload(payload) else { continue }
                seenMicroseconds = max(seenMicroseconds ?? 0, payload.microseconds)
                return payload.change
            case .notification:
                continue
            case .resync:
                // Where the table cannot be read the connection is gone again, and another resync follows.
                try? await catchUp()
            }
        }
    }

    private func catchUp() async throws {
        guard let seen = seenMicroseconds else {
            let row = try await pool.query("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now")
                .first
            seenMicroseconds = try row?.get("now")
            return
        }
        let since = PostgresTimestamp(microsecondsSinceEpoch: seen - Self.overlapMicroseconds)
        let rows = try await pool.on(.feed).query(
            """
            SELECT id, organization_id, state = 'deleting' AS is_deleting, created_at >= $1 AS is_new,
                (extract(epoch FROM changed_at) * 1000000)::bigint AS changed
            FROM events WHERE changed_at >= $1 ORDER BY changed_at DESC LIMIT $2
            """, [.timestamp(since), .int(Self.mostAfterGap)])
        // Newest first, which `next` takes from the end.
        pending = try rows.map { row in
            EventChange(
                kind: try row.get("is_deleting") ? .deleted : row.get("is_new") ? .created : .updated,
                event: try row.id("id"), organization: try row.id("organization_id"),
                at: WallTime(PostgresTimestamp(microsecondsSinceEpoch: try row.get("changed"))))
        }
        if let newest = rows.first { seenMicroseconds = max(seen, try newest.get("changed")) }
    }
}
