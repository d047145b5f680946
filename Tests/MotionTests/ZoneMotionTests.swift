import Domain
import Motion
import TestSupport
import Testing

/// Zones from a picture's pixels to what moves.
@Suite(.ownThread)
struct ZoneMotionTests {
    private static func zone(_ name: String, _ kind: Zone.Kind, _ left: Double, _ right: Double) -> Zone {
        Zone(
            name: name, kind: kind,
            points: [(left, 0), (right, 0), (right, 1), (left, 1)].map { Zone.Point(x: $0.0, y: $0.1) })
    }

    /// A square that crosses from left to right between 3 s and 8 s, 60 pixels a second.
    private static func crossing(_ time: Double) -> Canvas {
        var canvas = Canvas.textured()
        if time >= 3 { canvas.fill(x: Int((time - 3) * 60), y: 80, width: 24, height: 40, level: 230) }
        return canvas
    }

    private struct Look {
        var seconds: Double
        var measurement: MotionMeasurement
        var found: ZonedGate.Judgement
    }

    private static func look(_ zones: [Zone]) throws -> [Look] {
        var camera = CameraSettings(url: "")
        camera.zones = zones
        let analyzer = try MotionAnalyzer(zones: zones)
        var gate = ZonedGate(camera)
        return try (0..<80).map { index in
            let time = Double(index) / 10
            let measurement = try crossing(time).withView {
                try analyzer.measure($0, at: MediaTime(seconds: time))
            }
            return Look(seconds: time, measurement: measurement, found: gate.judge(measurement))
        }
    }

    @Test func `outside an include zone nothing moves, inside it does and is named`() throws {
        let moving = try Self.look([Self.zone("right", .include, 0.5, 1)]).filter(\.found.moving)
        // The square's front reaches the middle after 136 pixels.
        #expect(!moving.isEmpty && moving.allSatisfy { $0.seconds > 3 + 136.0 / 60 })
        #expect(moving.allSatisfy { look in look.found.boxes.allSatisfy { $0.box.x > 0.49 && $0.zones == ["right"] } })
    }

    @Test func `in an exclude zone nothing moves`() throws {
        let moving = try Self.look([Self.zone("street", .exclude, 0, 0.5)]).filter(\.found.moving)
        #expect(!moving.isEmpty && moving.allSatisfy { $0.seconds > 3 + 136.0 / 60 })
        #expect(moving.allSatisfy { look in look.found.boxes.allSatisfy { $0.box.x > 0.49 && $0.zones.isEmpty } })
    }

    @Test func `an exclude zone wins over an include zone`() throws {
        let looks = try Self.look([Self.zone("all", .include, 0, 1), Self.zone("street", .exclude, 0, 1)])
        #expect(looks.allSatisfy { !$0.found.moving && $0.measurement.regions.isEmpty })
    }

    @Test func `with a zone over the whole picture everything is as without`() throws {
        let (with, without) = (try Self.look([Self.zone("all", .include, 0, 1)]), try Self.look([]))
        #expect(with.map(\.measurement.boxes) == without.map(\.measurement.boxes))
        #expect(with.map(\.found.moving) == without.map(\.found.moving))
        #expect(with.contains { $0.found.moving })
        #expect(without.allSatisfy { $0.measurement.regions.allSatisfy(\.zoneAreas.isEmpty) })
        for region in with.flatMap(\.measurement.regions) {
            #expect(region.zoneAreas.count == 1 && abs(region.zoneAreas[0] - region.area) < 1e-6)
        }
    }

    @Test(arguments: [(0.0, 0.4, true), (0.6, 1.0, false)])
    func `a look at a keyframe sees through the same zones`(left: Double, right: Double, stirs: Bool) throws {
        var camera = CameraSettings(url: "")
        camera.zones = [Self.zone("part", .include, left, right)]
        let analyzer = try MotionAnalyzer(zones: camera.zones)
        for index in 0..<40 {
            _ = try Canvas.textured().withView { try analyzer.measure($0, at: MediaTime(seconds: Double(index) / 10)) }
        }
        // Two seconds after the last picture something stands on the left.
        var canvas = Canvas.textured()
        canvas.fill(x: 60, y: 80, width: 24, height: 40, level: 230)
        let look = try canvas.withView { try analyzer.look($0, at: MediaTime(seconds: 6)) }
        #expect(ZonedGate(camera).stirs(look) == stirs)
    }
}
