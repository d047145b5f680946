/// A polygon of a camera's picture in which motion counts (`include`) or does not (`exclude`).
///
/// A camera without include zones is watched all over; an exclude zone wins over an include zone.
package struct Zone: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable { case include, exclude }

    /// A corner, as fractions of the picture's width and height, origin top left.
    package struct Point: Sendable, Hashable {
        package var x: Double
        package var y: Double

        package init(x: Double, y: Double) {
            self.x = x
            self.y = y
        }
    }

    /// Unique within its camera.
    package var name: String
    package var kind: Kind
    /// A simple polygon, closed from the last corner to the first.
    package var points: [Point]
    /// Of an include zone; nil: the camera's.
    package var sensitivity: Double?
    /// Of an include zone, as a fraction of the picture; nil: the camera's.
    package var minimumArea: Double?

    package init(
        name: String, kind: Kind = .include, points: [Point], sensitivity: Double? = nil, minimumArea: Double? = nil
    ) {
        self.name = name
        self.kind = kind
        self.points = points
        self.sensitivity = sensitivity
        self.minimumArea = minimumArea
    }

    /// Whether a place of the picture lies in the polygon.
    package func contains(_ place: Point) -> Bool {
        var inside = false
        for (from, to) in zip(points, points.dropFirst() + points.prefix(1)) {
            guard (from.y > place.y) != (to.y > place.y) else { continue }
            if place.x < from.x + (place.y - from.y) / (to.y - from.y) * (to.x - from.x) { inside.toggle() }
        }
        return inside
    }
}

extension [Zone] {
    /// Whether motion at a place of the picture counts.
    package func watch(_ place: Zone.Point) -> Bool {
        if contains(where: { $0.kind == .exclude && $0.contains(place) }) { return false }
        return contains { $0.kind == .include && $0.contains(place) } || !contains { $0.kind == .include }
    }

    /// Whether something seen counts: where it stands (the middle of its lower edge) is watched, or half of it is.
    package func watch(_ box: Box) -> Bool {
        guard !isEmpty else { return true }
        // The lower edge itself may be the picture's.
        if watch(Zone.Point(x: box.x + box.width / 2, y: Swift.min(box.y + box.height, 1) - 1e-6)) { return true }
        let side = 8
        var watched = 0
        for row in 0..<side {
            for column in 0..<side {
                let place = Zone.Point(
                    x: box.x + (Double(column) + 0.5) / Double(side) * box.width,
                    y: box.y + (Double(row) + 0.5) / Double(side) * box.height)
                if watch(place) { watched += 1 }
            }
        }
        return watched * 2 >= side * side
    }
}
