import FoundationEssentials
import Synchronization

/// How much of the machine's memory the rings of all cameras may take when analysis is late; each camera has an equal share.
package final class RingBudget: Sendable {
    /// Nobody gets more, or less: a pre-roll has to fit.
    static let most = 96 << 20
    static let least = 16 << 20

    private let bytes: Int
    private let cameras = Atomic(0)

    /// By default a quarter of what the machine has.
    package init(bytes: Int = Int(clamping: ProcessInfo.processInfo.physicalMemory / 4)) { self.bytes = bytes }

    /// One more camera is watched, until `leave`.
    package func enter() { cameras.add(1, ordering: .relaxed) }

    package func leave() { cameras.subtract(1, ordering: .relaxed) }

    /// What one ring may hold by now, in bytes.
    package var share: Int {
        min(max(bytes / max(cameras.load(ordering: .relaxed), 1), Self.least), Self.most)
    }
}
