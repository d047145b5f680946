/// Follows regions from picture to picture and tells objects from clutter: an object gets somewhere, while leaves, rain,
/// lamps and noise stay where they are or come and go.
package struct MotionTracker: Sendable {
    /// When a region counts as an object. Lengths are fractions of the picture's width.
    package struct Settings: Sendable, Hashable {
        /// Shortest way that shows a purpose, and the same as a share of the region's shorter side.
        package var travel = 0.03
        package var travelShare = 0.4
        /// Least ratio of the way as the crow flies to the way in steps.
        package var straightness = 0.5
        /// The way is looked at over this time.
        package var travelSeconds = 2.5
        /// Smallest stirring part of a region, as a fraction of the picture and of the region, before it is known to be
        /// an object; and after.
        package var freshActive = 0.0003
        package var freshActiveShare = 0.08
        package var knownActive = 0.0002
        package var knownActiveShare = 0.02
        /// Fastest way that is followed, in widths a second.
        package var speed = 0.3
        /// A lost region is looked for this long, before it is known to be an object and after.
        package var freshPatienceSeconds = 0.25
        package var knownPatienceSeconds = 0.6
        /// Where this many regions a second come from nowhere there is clutter; then an object must be this many times
        /// larger than most of it.
        package var clutterPerSecond = 4.0
        package var clutterFactor = 3.0

        package init() {}
    }

    /// A region that is an object and stirs, and since when it has been on its way.
    package struct Mover: Sendable, Hashable {
        package var region: MotionRegion
        package var since: MediaTime
    }

    private struct Step: Sendable {
        var at: MediaTime
        var x, y: Double
    }

    private struct Track: Sendable {
        var region: MotionRegion
        var born: MediaTime
        var seen: MediaTime
        var path: [Step] = []
        /// Since when it has been on its way or stirring again; nil while it has not got anywhere.
        var since: MediaTime?
        var stirred: MediaTime
        var usualArea: Double
    }

    private struct Clutter: Sendable {
        var at: MediaTime
        var area: Double
    }

    private static let maximumTracks = 64
    private static let maximumClutter = 512
    private static let maximumSteps = 128
    private static let clutterSeconds = 5.0
    private static let flashSeconds = 0.5
    private static let pauseSeconds = 0.7
    private static let steadySeconds = 0.3
    private static let areaSeconds = 2.0

    package let settings: Settings
    private var tracks: [Track] = []
    private var clutter: [Clutter] = []
    private var previousBoxes: [Box] = []
    private var followed: MediaTime?

    package init(settings: Settings = Settings()) { self.settings = settings }

    /// Forgets every region, for a new scene.
    package mutating func reset() {
        tracks = []
        clutter = []
    }

    /// Takes the regions of one picture, returns those that are objects on the move.
    package mutating func follow(_ measurement: MotionMeasurement) -> [Mover] {
        let now = measurement.presentation
        // After a pause in which nothing was measured, nothing can be what it was before.
        if let followed, now.seconds(since: followed) > settings.travelSeconds {
            tracks = []
            previousBoxes = []
        }
        followed = now
        let clutterArea = usualClutterArea(at: now)
        let previous = tracks
        var taken = Set<Int>()
        var next: [Track] = []
        var movers: [Mover] = []
        defer { previousBoxes = measurement.boxes }
        for region in measurement.regions {
            let isFresh = region.active > max(settings.freshActive, settings.freshActiveShare * region.area)
            let match = bestMatch(for: region, in: previous, at: now)
            if match == nil, !previousBoxes.contains(where: { Self.touch($0, region.box) }) {
                clutter.append(Clutter(at: now, area: region.area))
            }
            guard match != nil || isFresh else { continue }
            var track = Track(region: region, born: now, seen: now, stirred: now, usualArea: region.area)
            if let match {
                let parent = previous[match]
                track.born = parent.born
                track.path = parent.path
                track.since = parent.since
                track.stirred = parent.stirred
                if taken.insert(match).inserted {
                    let share = min(now.seconds(since: parent.seen) / Self.areaSeconds, 1)
                    track.usualArea = max(region.area, parent.usualArea + share * (region.area - parent.usualArea))
                }
            }
            let step = Step(at: now, x: region.centreX, y: region.centreY / max(measurement.aspectRatio, 0.01))
            // A picture that is shown again shows no step.
            if isFresh, track.path.last.map({ $0.x != step.x || $0.y != step.y }) ?? true { track.path.append(step) }
            track.path.removeAll { now.seconds(since: $0.at) > settings.travelSeconds }
            track.path.removeFirst(max(track.path.count - Self.maximumSteps, 0))
            if track.since == nil, isFresh, region.area > settings.clutterFactor * clutterArea {
                track.since = departure(of: track, aspectRatio: measurement.aspectRatio)
                track.stirred = now
            }
            if track.since != nil, region.area > settings.clutterFactor / 2 * clutterArea,
                region.active > max(settings.knownActive, settings.knownActiveShare * region.area)
            {
                if now.seconds(since: track.stirred) > Self.pauseSeconds { track.since = now }
                track.stirred = now
                movers.append(Mover(region: region, since: track.since ?? now))
            }
            next.append(track)
        }
        for (index, track) in previous.enumerated() where !taken.contains(index) {
            let patience = track.since == nil ? settings.freshPatienceSeconds : settings.knownPatienceSeconds
            if now.seconds(since: track.seen) < patience {
                next.append(track)
            }
        }
        tracks = Array(next.prefix(Self.maximumTracks))
        clutter.removeFirst(max(clutter.count - Self.maximumClutter, 0))
        return movers
    }

    /// The size that most of what comes and goes stays below; 0 where little does.
    private mutating func usualClutterArea(at now: MediaTime) -> Double {
        clutter.removeAll { now.seconds(since: $0.at) > Self.clutterSeconds }
        guard Double(clutter.count) >= settings.clutterPerSecond * Self.clutterSeconds else { return 0 }
        return clutter.map(\.area).sorted()[clutter.count * 19 / 20]
    }

    /// The track whose last box overlaps most with the region's, both a little larger.
    private func bestMatch(for region: MotionRegion, in tracks: [Track], at now: MediaTime) -> Int? {
        var best: (index: Int, overlap: Double)?
        for (index, track) in tracks.enumerated() {
            // A speck where an object was is not the object.
            if track.since != nil, region.area < 0.15 * track.usualArea { continue }
            let gone = now.seconds(since: track.seen)
            let reach = 0.005 + settings.speed / 2 * min(gone, 0.3)
            let (left, right) = (region.box, track.region.box)
            if track.since == nil {
                let across = abs(region.centreX - track.region.centreX) - max(left.width, right.width) / 2
                let down = abs(region.centreY - track.region.centreY) - max(left.height, right.height) / 2
                if max(across, down) > settings.speed * gone - 0.2 * max(left.width, right.width) { continue }
            }
            let width = min(left.x + left.width, right.x + right.width) - max(left.x, right.x) + reach
            let height = min(left.y + left.height, right.y + right.height) - max(left.y, right.y) + reach
            guard width > 0, height > 0 else { continue }
            let overlap = width * height * (track.since == nil ? 1 : 2)
            if overlap > best?.overlap ?? 0 { best = (index, overlap) }
        }
        return best?.index
    }

    /// When the track set out on a way that is long and straight enough; nil when it got nowhere.
    private func departure(of track: Track, aspectRatio: Double) -> MediaTime? {
        guard track.path.count >= 3, let last = track.path.last else { return nil }
        let box = track.region.box
        let needed = max(
            settings.travel, settings.travelShare * min(box.width, box.height / max(aspectRatio, 0.01)))
        var count = 0
        var steps = 0.0
        var ahead = last
        var steady = true
        var longest = 0.0
        var far: [(at: MediaTime, way: Double)] = []
        for step in track.path.dropLast().reversed() {
            let gap = ahead.at.seconds(since: step.at)
            // What stirred, paused and stirred again did not set out before the pause.
            if gap > Self.pauseSeconds { break }
            steady = steady && gap <= Self.steadySeconds
            count += 1
            steps += Self.distance(step, ahead)
            ahead = step
            let way = Self.distance(step, last)
            // A single hop is no way; two must be long ones.
            guard count > 1, way >= (count == 2 ? 2 : 1) * needed, way >= settings.straightness * steps else {
                continue
            }
            longest = max(longest, way)
            // Hops far apart in time show that it moves but not since when.
            far.append((steady ? step.at : last.at, way))
        }
        // It set out when it was nearly as far away as it ever was.
        return far.first { $0.way >= 0.9 * longest }?.at
    }

    private static func touch(_ left: Box, _ right: Box) -> Bool {
        left.x <= right.x + right.width && right.x <= left.x + left.width && left.y <= right.y + right.height
            && right.y <= left.y + left.height
    }

    private static func distance(_ left: Step, _ right: Step) -> Double {
        let (x, y) = (left.x - right.x, left.y - right.y)
        return (x * x + y * y).squareRoot()
    }
}
