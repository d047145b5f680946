/// Maps a connection's media time to wall time by when units arrived, since a camera's own clock is not to be trusted.
///
/// The offset follows the quickest arrivals (network delay only ever adds) and gives way slowly upwards, so that a
/// camera clock that runs slow is followed at up to `riseSecondsPerSecond`.
package struct ClockMap: Sendable, Hashable {
    /// Nanoseconds to add to a media time.
    private var offset: Int64?
    private var lastArrival: WallTime?
    private let riseSecondsPerSecond = 0.001

    package init() {}

    package mutating func observe(_ presentation: MediaTime, arrivedAt arrival: WallTime) {
        let candidate = arrival.nanosecondsSinceEpoch - presentation.nanoseconds
        if let current = offset, let lastArrival {
            let elapsed = max(0, arrival.seconds(since: lastArrival))
            let allowedRise = Int64(elapsed * riseSecondsPerSecond * 1e9)
            offset = candidate < current ? candidate : min(candidate, current + allowedRise)
        } else {
            offset = candidate
        }
        lastArrival = arrival
    }

    /// Wall time of a media time; nil before the first observation.
    package func wall(_ time: MediaTime) -> WallTime? {
        offset.map { WallTime(nanosecondsSinceEpoch: time.nanoseconds + $0) }
    }
}
