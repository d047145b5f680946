/// What happens to the RTP packets of one track: a value without a clock, asked once for each packet in order.
struct PacketFaults: Sendable {
    enum Decision: Sendable, Hashable {
        case send, lose
        /// Send it after the next one.
        case hold
    }

    /// Ticks of the RTP timestamp a second.
    let clockRate: Double
    private var random: SplitMix
    /// What jumps before this connection had come to; they are nothing to it.
    private let jumpedBefore: Double
    private var driftTicks = 0.0
    private var latest: UInt32?

    init(clockRate: Double, seed: UInt64, jumpedSeconds: Double) {
        self.clockRate = clockRate
        random = SplitMix(state: seed)
        jumpedBefore = jumpedSeconds
    }

    /// What to do with the next packet, and the timestamp it gets.
    mutating func next(
        timestamp: UInt32, active: [Misbehaviour], jumpedSeconds: Double
    ) -> (decision: Decision, timestamp: UInt32) {
        let elapsed = latest.map { Int32(bitPattern: timestamp &- $0) } ?? 0
        latest = timestamp
        var decision = Decision.send
        for fault in active {
            switch fault {
            case .drift(let millionths): driftTicks += Double(elapsed) * millionths / 1e6
            case .loss(let share) where random.isWithin(share): decision = .lose
            case .reorder(let share) where decision == .send && random.isWithin(share): decision = .hold
            default: break
            }
        }
        let shift = Int64((driftTicks + (jumpedSeconds - jumpedBefore) * clockRate).rounded())
        return (decision, timestamp &+ UInt32(truncatingIfNeeded: shift))
    }
}

extension SplitMix {
    /// True with this probability.
    mutating func isWithin(_ share: Double) -> Bool { Double(next() >> 11) / Double(1 << 53) < share }
}
