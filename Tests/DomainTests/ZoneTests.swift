import Domain
import Testing

struct ZoneTests {
    static func zone(_ corners: [(Double, Double)], name: String = "a", kind: Zone.Kind = .include) -> Zone {
        Zone(name: name, kind: kind, points: corners.map { Zone.Point(x: $0.0, y: $0.1) })
    }

    private static let left = zone([(0, 0), (0.5, 0), (0.5, 1), (0, 1)], name: "left")
    private static let right = zone([(0.5, 0), (1, 0), (1, 1), (0.5, 1)], name: "right")

    private static let refused: [([(Double, Double)], String)] = [
        ([(0.1, 0.1), (0.9, 0.1)], "3 to 64"),
        ([(0.1, 0.1), (1.2, 0.1), (0.5, 0.9)], "outside"),
        ([(0.1, 0.1), (.nan, 0.1), (0.5, 0.9)], "outside"),
        ([(0.1, 0.1), (0.1, 0.1), (0.9, 0.1), (0.5, 0.9)], "repeated"),
        ([(0, 0), (1, 1), (1, 0), (0, 1)], "crosses"),
        // Touches itself in one corner.
        ([(0, 0), (1, 0), (0.5, 0.5), (1, 1), (0, 1), (0.5, 0.5)], "crosses"),
        ([(0, 0), (1, 0), (0.5, 0), (0.5, 1)], "lie on each other"),
        ([(0.1, 0.1), (0.5, 0.1), (0.9, 0.1)], "lie on each other"),
        ([(0.1, 0.1), (0.105, 0.1), (0.105, 0.105)], "ten-thousandth"),
        (Array(repeating: (0.5, 0.5), count: 65), "3 to 64"),
    ]

    @Test(arguments: refused)
    func `corners that make no polygon are refused in words`(corners: [(Double, Double)], words: String) {
        let complaints = ZoneRules.complaints([Self.left, Self.zone(corners, name: "b")])
        #expect(complaints.count == 1 && complaints.first?.field == "zones[1].points", "\(complaints)")
        #expect(complaints.first?.message.contains(words) == true, "\(complaints)")
    }

    @Test func `polygons of any shape are taken, and sixty-four corners too`() {
        let arrow = Self.zone([(0, 0), (1, 0.5), (0, 1), (0.4, 0.5)])
        let teeth = (0..<32).map { place -> (Double, Double) in (Double(place) / 31, place % 2 == 0 ? 0.2 : 0.4) }
        let back = (0..<32).map { place -> (Double, Double) in (1 - Double(place) / 31, 0.9) }
        let comb = Self.zone(teeth + back, name: "b", kind: .exclude)
        #expect(ZoneRules.complaints([arrow, comb]).isEmpty)
        #expect(!arrow.contains(Zone.Point(x: 0.2, y: 0.5)) && arrow.contains(Zone.Point(x: 0.6, y: 0.5)))
    }

    @Test func `names, numbers and counts are held to their rules`() {
        var bad = Self.right
        bad.name = "left"
        bad.kind = .exclude
        bad.sensitivity = 0.5
        var far = Self.right
        far.minimumArea = 0.9
        #expect(
            ZoneRules.complaints([Self.left, bad, far]).map(\.field) == [
                "zones[1].name", "zones[1].sensitivity", "zones[2].minimum_area",
            ])
        let many = (0..<17).map { Self.zone([(0, 0), (1, 0), (1, 1)], name: "zone \($0)") }
        #expect(ZoneRules.complaints(many).map(\.field) == ["zones"])
    }

    @Test func `something seen counts where it stands or where half of it is`() {
        let hole = Self.zone([(0.2, 0.6), (0.4, 0.6), (0.4, 1), (0.2, 1)], name: "hole", kind: .exclude)
        let zones = [Self.left, hole]
        #expect(zones.watch(Box(x: 0.05, y: 0.1, width: 0.1, height: 0.2)))
        #expect(!zones.watch(Box(x: 0.7, y: 0.1, width: 0.1, height: 0.2)))
        // Stands in the hole with most of it above, and with most of it inside.
        #expect(zones.watch(Box(x: 0.25, y: 0.1, width: 0.1, height: 0.6)))
        #expect(!zones.watch(Box(x: 0.25, y: 0.55, width: 0.1, height: 0.4)))
        // Its feet are on the picture's lower edge.
        #expect(zones.watch(Box(x: 0.45, y: 0.5, width: 0.06, height: 0.5)))
        #expect([Zone]().watch(Box(x: 0, y: 0, width: 1, height: 1)))
        #expect([hole].watch(Box(x: 0.7, y: 0.1, width: 0.1, height: 0.2)))
    }

    /// Judges a square that crosses the picture from left to right in 8 s; the moments with what moved.
    private static func cross(_ zones: [Zone], side: Double = 0.1) -> [(seconds: Double, found: ZonedGate.Judgement)] {
        var camera = CameraSettings(url: "")
        camera.zones = zones
        var gate = ZonedGate(camera)
        return (0..<80).map { index in
            let seconds = Double(index) / 10
            let x = 0.1 * seconds
            var measurement = MotionGateTests.measurement(at: seconds, x: x, side: side)
            // What a detector would say of the halves.
            let onTheLeft = min(max((0.5 - x) / side, 0), 1)
            measurement.regions[0].zoneAreas = zones.filter { $0.kind == .include }.map {
                ($0.name == "left" ? onTheLeft : 1 - onTheLeft) * side * side
            }
            return (seconds, gate.judge(measurement))
        }
    }

    @Test func `what moves is told with the zones it is in`() {
        let moments = Self.cross([Self.left, Self.right])
        #expect(moments.filter { $0.found.moving }.count > 60)
        let early = moments.filter { (1..<3.5).contains($0.seconds) }
        #expect(early.allSatisfy { $0.found.boxes.map(\.zones) == [["left"]] })
        #expect(moments.filter { $0.seconds > 6 }.allSatisfy { $0.found.boxes.map(\.zones) == [["right"]] })
        #expect(moments.contains { $0.found.boxes.map(\.zones) == [["left", "right"]] })
    }

    @Test func `each zone has its own smallest area`() {
        var strict = Self.left
        strict.minimumArea = 0.02
        let moments = Self.cross([strict, Self.right]).filter { $0.found.moving }
        #expect(!moments.isEmpty && moments.allSatisfy { $0.seconds > 4 && $0.found.boxes[0].zones == ["right"] })
    }

    @Test func `each zone has its own sensitivity`() {
        var blind = Self.left
        blind.sensitivity = 0
        // At sensitivity 0 a region must be four times as active.
        let moments = Self.cross([blind, Self.right], side: 0.03).filter { $0.found.moving }
        #expect(!moments.isEmpty && moments.allSatisfy { $0.found.boxes[0].zones == ["right"] })
    }

    @Test func `a look stirs only for what is in a zone`() {
        var camera = CameraSettings(url: "")
        camera.zones = [Self.left]
        let gate = ZonedGate(camera)
        var measurement = MotionGateTests.measurement(at: 1, x: 0.1)
        measurement.regions[0].zoneAreas = [0.01]
        #expect(gate.stirs(measurement))
        measurement.regions[0].zoneAreas = [0]
        #expect(!gate.stirs(measurement))
    }
}
