/// Collects what moves before all cameras until it is written, a minute at a time. Bounded: past `mostSeconds` the oldest minutes go.
package struct ActivityBook: Sendable {
    /// Of all cameras, those in which something moved; some 30 MB.
    package static let mostSeconds = 200_000
    /// A minute is complete when this much time has passed since its end: pictures may be analysed late.
    package static let patienceSeconds: Int64 = 15

    private struct Key: Hashable {
        var minute: Int64
        var camera: Identifier<Camera>
    }
    private var minutes: [Key: ActivityMinute] = [:]
    private let most: Int
    /// In all minutes.
    private var seconds = 0
    /// Camera minutes that were lost because nothing could be written for too long.
    package private(set) var lost = 0

    package init(mostSeconds: Int = ActivityBook.mostSeconds) { most = max(60, mostSeconds) }

    /// Camera minutes that wait.
    package var count: Int { minutes.count }

    /// Notes what moved at an instant. Nothing is kept of nothing.
    package mutating func note(
        _ grid: ActivityGrid, camera: Identifier<Camera>, of organization: Identifier<Organization>, at time: WallTime
    ) {
        guard !grid.isEmpty, time.nanosecondsSinceEpoch >= 0 else { return }
        let second = time.nanosecondsSinceEpoch / 1_000_000_000
        let key = Key(minute: second / 60, camera: camera)
        var new = ActivityMinute(camera: camera, organization: organization, minute: key.minute)
        new.add(grid, second: Int(second % 60))
        add(new)
    }

    /// Takes the minutes that are complete at `now`, oldest first, at most `limit`; with nil all there are.
    package mutating func take(completeAt now: WallTime?, limit: Int) -> [ActivityMinute] {
        let until = now.map { ($0.nanosecondsSinceEpoch / 1_000_000_000 - Self.patienceSeconds) / 60 } ?? .max
        let keys = minutes.keys.filter { $0.minute < until }
            .sorted { ($0.minute, $0.camera) < ($1.minute, $1.camera) }.prefix(limit)
        let taken = keys.compactMap { minutes.removeValue(forKey: $0) }
        for minute in taken { seconds -= minute.seconds.count }
        return taken
    }

    /// They could not be written.
    package mutating func putBack(_ taken: [ActivityMinute]) {
        for minute in taken { add(minute) }
    }

    private mutating func add(_ new: ActivityMinute) {
        let key = Key(minute: new.minute, camera: new.camera)
        var minute = minutes.removeValue(forKey: key)
        seconds -= minute?.seconds.count ?? 0
        if minute == nil { minute = new } else { minute?.formUnion(new) }
        seconds += minute?.seconds.count ?? 0
        minutes[key] = minute
        while seconds > most, let oldest = minutes.keys.min(by: { $0.minute < $1.minute }) {
            seconds -= minutes.removeValue(forKey: oldest)?.seconds.count ?? 0
            lost += 1
        }
    }
}
