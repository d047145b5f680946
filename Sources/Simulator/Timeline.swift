/// In which order and when the units of a program are sent; times in nanoseconds from the start of the loop.
struct Timeline: Sendable, Hashable {
    struct Step: Sendable, Hashable {
        var track: Int
        var unit: Int
        /// When it is sent. Units go in decoding order, at the times at which pictures are shown.
        var send: Int64
        var presentation: Int64
        /// True for a picture from which decoding can start.
        var isEntry: Bool
    }
    /// In sending order; never empty in a valid program.
    let steps: [Step]
    let loopNanoseconds: Int64
    /// The most by which a unit is sent after its presentation time (pictures out of order), at least 0.
    let leadNanoseconds: Int64

    init(tracks: [[EncodedUnit]], loopNanoseconds: Int64) {
        var steps: [Step] = []
        for (track, units) in tracks.enumerated() {
            // The n-th unit in decoding order goes out at the n-th presentation time. That needs no decoding times
            // (which Matroska does not have), never goes backwards, and is the presentation time without B-frames.
            let times = units.map(\.presentation).sorted()
            for (index, unit) in units.enumerated() {
                steps.append(
                    Step(
                        track: track, unit: index, send: times[index], presentation: unit.presentation,
                        isEntry: track == 0 && unit.isKeyframe))
            }
        }
        // Swift's sort is stable, so units of one track stay in order.
        steps.sort { $0.send < $1.send }
        self.steps = steps
        self.loopNanoseconds = loopNanoseconds
        leadNanoseconds = steps.reduce(0) { max($0, $1.send - $1.presentation) }
    }

    /// The last step at or before a time from which decoding can start; the first step where there is none.
    func entry(atOrBefore time: Int64) -> Int {
        var found = 0
        for (index, step) in steps.enumerated() {
            if step.send > time { break }
            if step.isEntry { found = index }
        }
        return found
    }
}
