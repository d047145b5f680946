internal import Domain

/// Something the detector saw in one picture.
struct Sighting: Hashable, Sendable {
    /// Which look it was seen in.
    enum Look: Hashable, Sendable {
        /// The picture, or a part of it, in its own proportions.
        case plain
        /// The picture made flatter; see `ViewPlan.overhead`.
        case flattened
    }
    /// Index of the picture in the request.
    var picture: Int
    /// Index into `COCOClasses.names`.
    var classIndex: Int
    /// 0–1.
    var score: Double
    /// In fractions of the whole picture.
    var box: Box
    var look: Look = .plain
    /// It reaches the edge of the part of the picture that was looked at, so perhaps only a piece of it was seen.
    var isCut = false

    var kind: COCOClasses.Kind { COCOClasses.kind(classIndex) }
}

extension Box {
    func intersectionArea(_ other: Box) -> Double {
        let overlapWidth = min(x + width, other.x + other.width) - max(x, other.x)
        let overlapHeight = min(y + height, other.y + other.height) - max(y, other.y)
        return overlapWidth > 0 && overlapHeight > 0 ? overlapWidth * overlapHeight : 0
    }

    /// Intersection over union.
    func likeness(_ other: Box) -> Double {
        let shared = intersectionArea(other)
        return shared > 0 ? shared / (area + other.area - shared) : 0
    }

    /// Intersection over the smaller one's area.
    func nesting(_ other: Box) -> Double {
        let smaller = min(area, other.area)
        return smaller > 0 ? intersectionArea(other) / smaller : 0
    }
}

/// Keeps the best of sightings that are the same object: `isSame` is asked of each with the better ones kept so far.
func withoutRepeats(_ sightings: [Sighting], isSame: (Sighting, Sighting) -> Bool) -> [Sighting] {
    var kept: [Sighting] = []
    for sighting in sightings.sorted(by: { $0.score > $1.score }) where !kept.contains(where: { isSame($0, sighting) })
    {
        kept.append(sighting)
    }
    return kept
}
