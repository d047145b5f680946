import Domain

/// Which decoders failed for a camera, and until when they are left alone. A value: no I/O, no clock.
///
/// Each failure of a kind makes the rest longer, so that hardware that is broken costs little, and hardware that was only
/// busy is used again.
struct DecoderMemory: Sendable {
    static let firstRestSeconds = 300.0
    static let longestRestSeconds = 6 * 3600.0

    private struct Key: Hashable {
        var element: String
        var codec: VideoCodec
    }
    private struct Refusal {
        var failures = 0
        var until: ContinuousClock.Instant
        var reason = ""
    }
    private var refusals: [Key: Refusal] = [:]

    /// Usable kinds without those that rest. The last one is never left out: something must decode.
    func choose(
        from kinds: [DecoderKind], for codec: VideoCodec, at now: ContinuousClock.Instant
    ) -> [DecoderKind] {
        kinds.enumerated().filter { index, kind in
            index == kinds.count - 1 || refusal(of: kind.element, for: codec, at: now) == nil
        }.map(\.element)
    }

    /// A decoder failed.
    mutating func refuse(
        _ element: String, for codec: VideoCodec, at now: ContinuousClock.Instant, reason: String
    ) {
        let key = Key(element: element, codec: codec)
        var refusal = refusals[key] ?? Refusal(until: now)
        // A failure during the rest is the same one: looks and streams may fail side by side.
        if refusal.failures == 0 || refusal.until <= now {
            var rest = Self.firstRestSeconds
            for _ in 0..<min(refusal.failures, 16) { rest = min(rest * 2, Self.longestRestSeconds) }
            refusal.until = now.advanced(by: .seconds(rest))
            refusal.failures += 1
        }
        refusal.reason = reason
        refusals[key] = refusal
    }

    /// Those that rest now, each with its reason, in a fixed order; nil where none does.
    func remark(at now: ContinuousClock.Instant) -> String? {
        let resting = refusals.filter { $0.value.until > now }.sorted { $0.key.element < $1.key.element }
        return resting.isEmpty
            ? nil : resting.map { "\($0.key.element): \($0.value.reason)" }.joined(separator: "; ")
    }

    private func refusal(
        of element: String, for codec: VideoCodec, at now: ContinuousClock.Instant
    ) -> Refusal? {
        guard let refusal = refusals[Key(element: element, codec: codec)], refusal.until > now else { return nil }
        return refusal
    }
}
