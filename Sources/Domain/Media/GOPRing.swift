/// The last seconds of one connection as whole GOPs, oldest first; payloads are shared, not copied.
///
/// Bounded by seconds and by bytes. A GOP leaves only as a whole, and only when what remains still covers `keepSeconds`
/// before what has been looked at, or when the byte bound is passed: then `evictedForBytes` grows and the pre-roll may be
/// short. A GOP that passes the bound alone, of a camera that sends no more keyframes, goes too; nothing is kept from then on
/// until the next keyframe.
package struct GOPRing: Sendable {
    private struct GOP: Sendable {
        var starts: MediaTime
        var units: [AccessUnit]
        var bytes: Int
        /// How many units came before the first one.
        var first: Int
    }
    private var gops: [GOP] = []
    /// The newest picture.
    package private(set) var newest: MediaTime?
    /// The newest picture that was looked at.
    package private(set) var looked: MediaTime?
    /// Bytes of payload held now.
    package private(set) var byteCount = 0
    /// GOPs thrown out early because of the byte bound.
    package private(set) var evictedForBytes = 0
    /// Seconds between the starts of the last two GOPs.
    package private(set) var keyframeIntervalSeconds: Double?
    /// Units taken so far: the place that the next one gets.
    package private(set) var end = 0
    package let keepSeconds: Double
    /// Holds from the next unit on.
    package var maximumBytes: Int

    package init(keepSeconds: Double, maximumBytes: Int) {
        self.keepSeconds = keepSeconds
        self.maximumBytes = maximumBytes
    }

    /// Appends a unit; those before the first video keyframe cannot be played and are not kept.
    package mutating func append(_ unit: AccessUnit) {
        if unit.track == .video, unit.isKeyframe {
            if let last = gops.last {
                keyframeIntervalSeconds = unit.presentation.seconds(since: last.starts)
            }
            gops.append(GOP(starts: unit.presentation, units: [unit], bytes: unit.payload.byteCount, first: end))
        } else if !gops.isEmpty {
            gops[gops.count - 1].units.append(unit)
            gops[gops.count - 1].bytes += unit.payload.byteCount
        } else {
            return
        }
        end += 1
        byteCount += unit.payload.byteCount
        if unit.track == .video { newest = max(newest ?? unit.presentation, unit.presentation) }
        evict()
    }

    /// The picture at `time` has been looked at, so an event may still begin there: a machine that decodes late has no
    /// shorter pre-roll. Before the first call everything counts as looked at.
    package mutating func looked(at time: MediaTime) { looked = max(looked ?? time, time) }

    private mutating func evict() {
        guard let reached = [newest, looked].compactMap(\.self).min() else { return }
        while gops.count > 1 {
            let stillCovers = reached.seconds(since: gops[1].starts) >= keepSeconds
            guard stillCovers || byteCount > maximumBytes else { return }
            if !stillCovers { evictedForBytes += 1 }
            byteCount -= gops[0].bytes
            gops.removeFirst()
        }
        if byteCount > maximumBytes {
            evictedForBytes += 1
            byteCount = 0
            gops = []
        }
    }

    /// Everything from the newest keyframe at or before `time`; from the oldest there is when `time` lies before it.
    package func units(from time: MediaTime) -> [AccessUnit] {
        let first = gops.lastIndex { $0.starts <= time } ?? 0
        return gops[first...].flatMap(\.units)
    }

    /// The place of the newest keyframe at or before `time`; of the oldest there is when `time` lies before it.
    package func place(of time: MediaTime) -> Int {
        gops.last { $0.starts <= time }?.first ?? gops.first?.first ?? end
    }

    /// At most `limit` units from a place on, in order, and the place of the first of them: later than asked for when
    /// that is not held any more, and then a keyframe's.
    package func units(at place: Int, limit: Int) -> (first: Int, units: [AccessUnit]) {
        guard let oldest = gops.first?.first, place < end else { return (end, []) }
        let first = max(place, oldest)
        var units: [AccessUnit] = []
        var index = gops.lastIndex { $0.first <= first } ?? 0
        while index < gops.count, units.count < limit {
            let skipped = max(0, first - gops[index].first)
            units += gops[index].units.dropFirst(skipped).prefix(limit - units.count)
            index += 1
        }
        return (first, units)
    }

    /// The unit at a place and its place: later than asked for when that is not held any more, and then a keyframe's. Nil
    /// where nothing came yet.
    package func unit(at place: Int) -> (place: Int, unit: AccessUnit)? {
        guard let oldest = gops.first?.first, place < end else { return nil }
        let place = max(place, oldest)
        guard let gop = gops.last(where: { $0.first <= place }) else { return nil }
        return (place, gop.units[place - gop.first])
    }

    /// Everything from the newest keyframe on.
    package var newestGroup: [AccessUnit]? { gops.last?.units }

    /// Where the oldest GOP starts.
    package var oldest: MediaTime? { gops.first?.starts }
}
