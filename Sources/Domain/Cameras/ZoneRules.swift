/// What a camera's zones must satisfy, wherever they come from.
package enum ZoneRules {
    /// What is wrong and with what: `zones[1].points`.
    package struct Complaint: Sendable, Hashable {
        package var field: String
        package var message: String
    }

    package static let maximumZones = 16
    package static let corners = 3...64
    /// A polygon that covers less of the picture is a mistake.
    private static let leastArea = 0.0001

    /// Everything that is wrong with `zones`; empty when they are fine.
    package static func complaints(_ zones: [Zone]) -> [Complaint] {
        guard zones.count <= maximumZones else {
            let message = "has \(zones.count) zones, but at most \(maximumZones) are allowed"
            return [Complaint(field: "zones", message: message)]
        }
        var complaints: [Complaint] = []
        for (index, zone) in zones.enumerated() {
            func complain(_ field: String, _ message: String) {
                complaints.append(Complaint(field: "zones[\(index)].\(field)", message: message))
            }
            if let problem = CameraRules.problem(name: zone.name) { complain("name", problem) }
            if zones.prefix(index).contains(where: { $0.name == zone.name }) {
                complain("name", "is `\(zone.name)`, which another zone is called already")
            }
            if let problem = problem(points: zone.points) { complain("points", problem) }
            let own = [
                ("sensitivity", zone.sensitivity, \CameraSettings.sensitivity),
                ("minimum_area", zone.minimumArea, \CameraSettings.minimumArea),
            ]
            for (key, value, field) in own {
                let bound = CameraRules.bounds.first { $0.field == field }
                guard let value, let range = bound?.range else { continue }
                if zone.kind == .exclude {
                    complain(key, "has no meaning in an exclude zone")
                } else if !range.contains(value) {
                    complain(key, "must be a number from \(range.lowerBound) to \(range.upperBound)")
                }
            }
        }
        return complaints
    }

    /// Why corners make no polygon; nil when they do.
    package static func problem(points: [Zone.Point]) -> String? {
        guard corners.contains(points.count) else {
            return "must be \(corners.lowerBound) to \(corners.upperBound) corners, not \(points.count)"
        }
        for (index, point) in points.enumerated() where !((0...1).contains(point.x) && (0...1).contains(point.y)) {
            return "corner \(index + 1) is outside the picture: x and y are fractions from 0 to 1"
        }
        let count = points.count
        for first in 0..<count {
            let (a, b) = (points[first], points[(first + 1) % count])
            if a == b { return "corner \(first + 1) is repeated" }
            let c = points[(first + 2) % count]
            if turn(a, b, c) == 0, (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y) < 0 {
                return "the edges at corner \((first + 1) % count + 1) lie on each other"
            }
            for second in (first + 1)..<count where second > first + 1 && (second + 1) % count != first {
                if meet(a, b, points[second], points[(second + 1) % count]) {
                    return "the edge from corner \(first + 1) crosses the edge from corner \(second + 1)"
                }
            }
        }
        if area(points) < leastArea { return "covers less than a ten-thousandth of the picture" }
        return nil
    }

    private static func area(_ points: [Zone.Point]) -> Double {
        let doubled = zip(points, points.dropFirst() + points.prefix(1)).reduce(0.0) { sum, edge in
            sum + edge.0.x * edge.1.y - edge.1.x * edge.0.y
        }
        return abs(doubled) / 2
    }

    /// Which way one turns at `b`: left, right or 0.
    private static func turn(_ a: Zone.Point, _ b: Zone.Point, _ c: Zone.Point) -> Double {
        (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
    }

    /// Whether two edges have a point in common.
    private static func meet(_ a: Zone.Point, _ b: Zone.Point, _ c: Zone.Point, _ d: Zone.Point) -> Bool {
        let turns = (turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b))
        if turns.0 * turns.1 < 0, turns.2 * turns.3 < 0 { return true }
        return (turns.0 == 0 && within(a, b, c)) || (turns.1 == 0 && within(a, b, d))
            || (turns.2 == 0 && within(c, d, a)) || (turns.3 == 0 && within(c, d, b))
    }

    /// Whether `c`, which is in line with the edge, lies on it.
    private static func within(_ a: Zone.Point, _ b: Zone.Point, _ c: Zone.Point) -> Bool {
        min(a.x, b.x) <= c.x && c.x <= max(a.x, b.x) && min(a.y, b.y) <= c.y && c.y <= max(a.y, b.y)
    }
}
