/// How long to wait before a camera is tried again: exponential from 0.5 s to 30 s with jitter, from the start again after
/// a connection that held.
package struct ReconnectBackoff: Sendable, Hashable {
    package static let firstSeconds = 0.5
    package static let longestSeconds = 30.0
    /// A connection that delivered for this long counts as a success.
    package static let stableSeconds = 10.0
    private var ceiling = firstSeconds

    package init() {}

    /// Seconds until the next attempt. `onlineSeconds`: how long the connection that just ended had delivered; `random` is
    /// in 0..<1.
    package mutating func delaySeconds(onlineSeconds: Double, random: Double) -> Double {
        if onlineSeconds >= Self.stableSeconds { ceiling = Self.firstSeconds }
        let delay = ceiling * (0.5 + 0.5 * random)
        ceiling = min(ceiling * 2, Self.longestSeconds)
        return delay
    }
}
