import Domain

/// A camera's newest picture as a JPEG: made when somebody asks, for all who ask meanwhile, and given again for a second, or
/// for as long as a new one would show the same.
actor SnapshotDesk {
    private struct Made {
        var still: Still
        /// When what it shows arrived, if that is known.
        var shown: WallTime?
        var at: ContinuousClock.Instant
    }
    static let keepSeconds = 1.0
    /// Sizes that are kept.
    static let mostSizes = 4
    private var made: [Int: Made] = [:]
    private var making: [Int: Task<Still?, any Error>] = [:]
    private let now: @Sendable () -> ContinuousClock.Instant

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

    /// `make` is called when there is none of this size that is new enough, and nobody else is making one; `shows` tells when
    /// the picture arrived that it would be made of, nil where that is not known.
    func still(
        of side: Int, shows: @Sendable () async -> WallTime? = { nil },
        make: @escaping @Sendable () async throws -> Still?
    ) async throws -> Still? {
        if let last = made[side], last.at.duration(to: now()) < .seconds(Self.keepSeconds) { return last.still }
        let shown = await shows()
        if let shown, let last = made[side], last.shown == shown { return last.still }
        if let task = making[side] { return try await task.value }
        // Awaited by all who ask; whoever began it may have gone by then.
        let task = Task { try await make() }
        making[side] = task
        defer { making[side] = nil }
        guard let still = try await task.value else {
            made[side] = nil
            return nil
        }
        made[side] = Made(still: still, shown: shown, at: now())
        while made.count > Self.mostSizes, let oldest = made.min(by: { $0.value.at < $1.value.at }) {
            made[oldest.key] = nil
        }
        return still
    }
}
