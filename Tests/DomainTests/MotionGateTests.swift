import Domain
import Testing

struct MotionGateTests {
    /// A measurement with one square region, all of it stirring unless said otherwise.
    static func measurement(
        at seconds: Double, x: Double? = nil, y: Double = 0.5, side: Double = 0.1, active: Double = 0.5,
        light: Double = 0, shake: Double = 0, restarted: Bool = false
    ) -> MotionMeasurement {
        let regions = x.map { x in
            [
                MotionRegion(
                    box: Box(x: x, y: y, width: side, height: side), centreX: x + side / 2, centreY: y + side / 2,
                    area: side * side, active: active * side * side)
            ]
        }
        return MotionMeasurement(
            presentation: MediaTime(seconds: seconds), changedFraction: 0, globalChangeFraction: light,
            shakeFraction: shake, boxes: regions?.map(\.box) ?? [], regions: regions ?? [], restarted: restarted)
    }

    /// The moments that moved, of 4 seconds at 10 frames a second.
    static func moving(
        settings: MotionGateSettings = MotionGateSettings(), _ picture: (Double) -> MotionMeasurement
    ) -> [Double] {
        var gate = MotionGate(settings: settings)
        return (0..<40).map { Double($0) / 10 }.filter { gate.judge(picture($0)).moving }
    }

    @Test func `a region that goes somewhere moves`() {
        let moments = Self.moving { Self.measurement(at: $0, x: 0.1 + 0.1 * $0) }
        #expect(moments.count > 30 && moments.first ?? 9 < 0.8)
    }

    @Test func `a region that stays where it came up does not`() {
        #expect(Self.moving { Self.measurement(at: $0, x: 0.3) }.isEmpty)
    }

    @Test func `a region that sways does not`() {
        #expect(Self.moving { Self.measurement(at: $0, x: Int($0 * 10) % 2 == 0 ? 0.3 : 0.33) }.isEmpty)
    }

    @Test func `an object that stops to stir stops to move and goes on when it stirs again`() {
        let moments = Self.moving {
            Self.measurement(at: $0, x: 0.1 + 0.1 * min($0, 1), active: (1.0..<2.0).contains($0) ? 0 : 0.5)
        }
        #expect(moments.allSatisfy { !(1.0..<2.0).contains($0) })
        #expect(moments.filter { $0 >= 2 }.count == 20)
    }

    @Test func `nothing moves while the background is learnt`() {
        let moments = Self.moving { Self.measurement(at: $0, x: 0.1 + 0.1 * $0, restarted: $0 == 1) }
        #expect(moments.allSatisfy { $0 < 1 || $0 >= 2 })
        #expect(moments.contains { $0 >= 2 })
    }

    @Test func `nothing moves while the light changes`() {
        let moments = Self.moving { Self.measurement(at: $0, x: 0.1 + 0.1 * $0, light: $0 == 2 ? 0.9 : 0) }
        #expect(moments.allSatisfy { !(2.0..<2.4).contains($0) })
        #expect(moments.contains { $0 >= 2.4 })
    }

    @Test func `nothing moves while the camera shakes`() {
        let moments = Self.moving { Self.measurement(at: $0, x: 0.1 + 0.1 * $0, shake: $0 >= 2 ? 0.02 : 0) }
        #expect(!moments.isEmpty && moments.allSatisfy { $0 < 2 })
    }

    @Test func `a region below the smallest area does not count`() {
        let settings = MotionGateSettings(minimumArea: 0.02)
        #expect(Self.moving(settings: settings) { Self.measurement(at: $0, x: 0.1 + 0.1 * $0) }.isEmpty)
    }

    @Test func `drops of rain that come from nowhere are no objects, a person among them is`() {
        var state: UInt64 = 5
        func chance() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 40) / Double(1 << 24)
        }
        func rain(at seconds: Double, person: Bool) -> MotionMeasurement {
            var measurement =
                person
                ? Self.measurement(at: seconds, x: 0.1 + 0.08 * seconds, y: 0.4, side: 0.15)
                : Self.measurement(at: seconds)
            for _ in 0..<15 {
                let (x, y) = (chance() * 0.98, chance() * 0.95)
                measurement.regions.append(
                    MotionRegion(
                        box: Box(x: x, y: y, width: 0.02, height: 0.05), centreX: x + 0.01, centreY: y + 0.025,
                        area: 0.0008, active: 0.0005))
            }
            measurement.boxes = measurement.regions.map(\.box)
            return measurement
        }
        let alone = Self.moving { rain(at: $0, person: false) }
        #expect(alone.filter { $0 > 1 }.isEmpty, "\(alone)")
        #expect(Self.moving { rain(at: $0, person: true) }.count > 20)
    }

    @Test func `the start is told from when the region set out`() throws {
        var gate = MotionGate(settings: MotionGateSettings())
        var first: MotionJudgement?
        for index in 0..<40 where first == nil {
            let seconds = Double(index) / 10
            let judgement = gate.judge(Self.measurement(at: seconds, x: 0.3 + 0.05 * max(seconds - 2, 0)))
            if judgement.moving { first = judgement }
        }
        let since = try #require(first?.since).seconds
        #expect((1.8...2.3).contains(since))
    }

    @Test func `more sensitive asks for less`() {
        let ways = [0.0, 0.25, 0.5, 0.75, 1.0].map { MotionGateSettings(sensitivity: $0).tracker.travel }
        #expect(ways == ways.sorted(by: >))
        #expect(abs(ways[0] / ways[2] - 4) < 0.01 && abs(ways[2] / ways[4] - 4) < 0.01)
        #expect(MotionGateSettings(sensitivity: .nan).tracker.travel == ways[2])
    }
}
