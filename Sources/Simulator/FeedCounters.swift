/// What one stream has sent so far.
package struct FeedCounters: Sendable, Hashable {
    /// The beginning of one pass through the program.
    package struct Turn: Sendable, Hashable {
        /// From 0, per connection or, with a shared feed, since the first client.
        package var number: Int
        /// Seconds since 1970 at which the unit at the program's time zero was sent, or would have been had the
        /// connection not begun in the middle. The picture of file time t is sent at `startedAt + t`.
        package var startedAt: Double
    }

    /// Video units (or audio units of a stream without video) queued for sending, over all connections.
    package var unitsSent = 0
    package var audioUnitsSent = 0
    package var bytesSent = 0
    /// Units not sent because a client did not read.
    package var unitsDropped = 0
    package var unitsGarbled = 0
    /// Connections, or with a shared feed times that the feed was (re)started for a first client.
    package var sessions = 0
    /// The last turns, oldest first, at most 1000. A turn whose time moved (the feed was taken up again later) is there
    /// again.
    package private(set) var turns: [Turn] = []

    mutating func note(turn: Int, startedAt: Double) {
        // The wall clock and the monotonic one drift apart a little; only a real move is another entry.
        if let last = turns.last, last.number == turn, abs(last.startedAt - startedAt) < 0.005 { return }
        if turns.count == 1000 { turns.removeFirst() }
        turns.append(Turn(number: turn, startedAt: startedAt))
    }
}
