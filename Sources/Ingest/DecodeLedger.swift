import Domain

/// Which units are inside a decoder. A value: no I/O, no clock.
///
/// Frames come out in presentation order, so a unit whose time lies before that of a frame that came out has been lost.
struct DecodeLedger: Sendable {
    /// Why a unit goes in or not.
    enum Admission: Sendable, Hashable { case accepted, dropped }

    let mostUnits: Int
    // In presentation order.
    private var units: [(time: Int64, isKeyframe: Bool)] = []
    private var needsKeyframe = true
    /// Units that did not and will not come out.
    private(set) var dropped = 0

    init(mostUnits: Int) { self.mostUnits = mostUnits }

    /// Units that went in and have not come out.
    var backlog: Int { units.count }

    /// True when more units are inside than any reorder buffer holds, beyond a second keyframe: damage ends at a keyframe,
    /// so this is no passing one. Means something only when the decoder has taken everything it was given.
    var looksUndecodable: Bool {
        units.count >= mostUnits || units.count >= 64 && units.count(where: \.isKeyframe) >= 2
    }

    /// Asks to put a unit in. Past the bound, everything up to the next keyframe is dropped.
    mutating func admit(_ presentation: MediaTime, isKeyframe: Bool) -> Admission {
        guard units.count < mostUnits, isKeyframe || !needsKeyframe else {
            needsKeyframe = true
            dropped += 1
            return .dropped
        }
        needsKeyframe = false
        let time = presentation.nanoseconds
        let index = units.lastIndex { $0.time <= time }.map { $0 + 1 } ?? 0
        units.insert((time, isKeyframe), at: index)
        return .accepted
    }

    /// A unit was dropped from outside, after it was admitted or instead.
    mutating func refuse() {
        needsKeyframe = true
        dropped += 1
    }

    /// A frame came out.
    mutating func frameCameOut(_ presentation: MediaTime) {
        let gone = units.prefix { $0.time <= presentation.nanoseconds }
        guard let last = gone.last else { return }
        dropped += gone.count - (last.time == presentation.nanoseconds ? 1 : 0)
        units.removeFirst(gone.count)
    }
}
