/// Rates per key: each may burst, and then goes on at a steady rate.
package struct TokenBuckets<Key: Hashable & Sendable>: Sendable {
    private struct Bucket {
        var tokens: Double
        var at: WallTime
    }
    private var buckets: [Key: Bucket] = [:]
    private let perSecond: Double
    private let burst: Double
    private let capacity: Int

    /// `capacity`: most keys that are remembered; full ones are forgotten first.
    package init(perSecond: Double, burst: Double, capacity: Int = 10_000) {
        self.perSecond = perSecond
        self.burst = burst
        self.capacity = capacity
    }

    /// Takes one; nil where there was one, else the seconds until there is.
    package mutating func take(_ key: Key, at now: WallTime) -> Double? {
        var bucket = buckets[key] ?? Bucket(tokens: burst, at: now)
        bucket.tokens = min(burst, bucket.tokens + max(0, now.seconds(since: bucket.at)) * perSecond)
        bucket.at = now
        let wait: Double? = bucket.tokens >= 1 ? nil : (1 - bucket.tokens) / perSecond
        if wait == nil { bucket.tokens -= 1 }
        if buckets[key] == nil, buckets.count >= capacity { tidy(now) }
        buckets[key] = bucket
        return wait
    }

    private mutating func tidy(_ now: WallTime) {
        buckets = buckets.filter { $0.value.tokens + now.seconds(since: $0.value.at) * perSecond < burst }
        // All in use at once: forgetting some lets them burst again, which is the lesser harm.
        while buckets.count >= capacity, let key = buckets.keys.first { buckets[key] = nil }
    }
}
