import Domain
import Motion
import TestSupport
import Testing

@Suite(.ownThread)
struct MotionAnalyzerTests {
    struct Look {
        var seconds: Double
        var measurement: MotionMeasurement
        var judgement: MotionJudgement
    }

    /// Runs generated pictures at 10 a second through analyzer and gate.
    static func look(seconds: Double, _ picture: (Double) -> Canvas) throws -> [Look] {
        let analyzer = try MotionAnalyzer()
        var gate = MotionGate(settings: MotionGateSettings())
        return try (0..<Int(seconds * 10)).map { index in
            let time = Double(index) / 10
            let measurement = try picture(time).withView {
                try analyzer.measure($0, at: MediaTime(seconds: time))
            }
            return Look(seconds: time, measurement: measurement, judgement: gate.judge(measurement))
        }
    }

    @Test func `a square that crosses is found with its box`() throws {
        let scene = Canvas.textured()
        let looks = try Self.look(seconds: 8) { time in
            var canvas = scene
            if time >= 3 { canvas.fill(x: Int((time - 3) * 60), y: 80, width: 24, height: 40, level: 230) }
            return canvas
        }
        let moving = looks.filter(\.judgement.moving)
        #expect(moving.count > 40)
        #expect(moving.allSatisfy { $0.seconds >= 3 })
        let look = try #require(moving.first { $0.seconds >= 5 })
        let box = try #require(look.judgement.boxes.first)
        let left = (look.seconds - 3) * 60 / 320
        #expect(abs(box.x - left) < 0.02 && abs(box.width - 24.0 / 320) < 0.03, "\(box)")
        #expect(abs(box.y - 80.0 / 180) < 0.03 && abs(box.height - 40.0 / 180) < 0.04, "\(box)")
        #expect(try #require(moving.first?.judgement.since).seconds < 3.5)
    }

    @Test func `what was put down does not move`() throws {
        let scene = Canvas.textured()
        let looks = try Self.look(seconds: 12) { time in
            var canvas = scene
            if time >= 3 { canvas.fill(x: min(Int((time - 3) * 60), 120), y: 80, width: 24, height: 40, level: 230) }
            return canvas
        }
        #expect(looks.contains { $0.judgement.moving })
        #expect(looks.allSatisfy { !$0.judgement.moving || $0.seconds < 5.6 })
    }

    @Test(arguments: [0.5, 0.8, 1.25, 1.6])
    func `a step of the light is no motion`(gain: Double) throws {
        let (before, after) = (Canvas.textured(), Canvas.textured().scaled(by: gain))
        let looks = try Self.look(seconds: 8) { time in time < 4 ? before : after }
        #expect(looks.allSatisfy { !$0.judgement.moving })
    }

    @Test(arguments: [3.0, 10.0, 20.0])
    func `noise is no motion`(deviation: Double) throws {
        var dice = Dice(state: 7)
        let scene = Canvas.textured()
        let looks = try Self.look(seconds: 6) { _ in scene.noisy(deviation, &dice) }
        #expect(looks.allSatisfy { !$0.judgement.moving })
    }

    @Test func `a shaking camera is no motion`() throws {
        let looks = try Self.look(seconds: 10) { time in
            let jolt = time > 4 && time < 6 ? [0, 2, -1, 3, -2][Int(time * 10) % 5] : 0
            return Canvas.textured(offset: 18 + jolt)
        }
        #expect(looks.allSatisfy { !$0.judgement.moving })
    }

    @Test func `a displaced picture is measured as shake`() throws {
        let looks = try Self.look(seconds: 4) { time in Canvas.textured(offset: time < 3 ? 18 : 19) }
        let displaced = try #require(looks.first { $0.seconds >= 3 })
        #expect(displaced.measurement.shakeFraction > 0.5 / 320)
        #expect(looks.filter { $0.seconds < 3 }.allSatisfy { $0.measurement.shakeFraction < 0.1 / 320 })
    }

    @Test func `a new scene is learnt anew without motion`() throws {
        let looks = try Self.look(seconds: 8) { time in
            time < 4 ? Canvas.textured() : Canvas.striped()
        }
        #expect(looks.contains { $0.seconds >= 4 && $0.seconds < 4.3 && $0.measurement.restarted })
        #expect(looks.allSatisfy { !$0.judgement.moving })
    }

    @Test func `a picture of another size begins anew`() throws {
        let analyzer = try MotionAnalyzer()
        for (index, width) in [320, 320, 640].enumerated() {
            let measurement = try Canvas(width: width, height: 180).withView {
                try analyzer.measure($0, at: MediaTime(seconds: Double(index)))
            }
            #expect(measurement.restarted == (index != 1))
        }
    }

    @Test func `a picture too small is refused in words`() throws {
        let analyzer = try MotionAnalyzer()
        let error = #expect(throws: (any Error).self) {
            try Canvas(width: 8, height: 8).withView { try analyzer.measure($0, at: MediaTime(seconds: 0)) }
        }
        #expect("\(try #require(error))".contains("16 by 16"))
    }
}

/// Where in the picture something moves, as a grid.
@Suite(.ownThread)
struct ActivityMotionTests {
    @Test func `the cells that a square crosses are active, and no others`() throws {
        let scene = Canvas.textured()
        let looks = try MotionAnalyzerTests.look(seconds: 8) { time in
            var canvas = scene
            if time >= 3 { canvas.fill(x: Int((time - 3) * 60), y: 80, width: 24, height: 40, level: 230) }
            return canvas
        }
        #expect(looks.filter { $0.seconds < 3 }.allSatisfy { $0.measurement.activity?.isEmpty == true })
        for look in looks where look.seconds >= 4 && look.seconds < 7.5 {
            let grid = try #require(look.measurement.activity)
            // From where it was 0.4 s ago to where it is, and a cell more to each side.
            let right = (look.seconds - 3) * 60 + 24
            let reach = ActivityGrid(
                touching: Box(x: (right - 24 - 34) / 320, y: 68.0 / 180, width: 68.0 / 320, height: 64.0 / 180))
            #expect(grid.intersection(reach) == grid, "\(look.seconds): \(grid)")
            #expect((4...36).contains(grid.count), "\(look.seconds): \(grid.count)")
            let front = ActivityGrid(touching: Box(x: (right - 12) / 320, y: 90.0 / 180, width: 0.03, height: 0.1))
            #expect(!grid.intersection(front).isEmpty, "\(look.seconds): \(grid)")
        }
    }

    @Test func `what an exclude zone covers is never active`() throws {
        let zone = Zone(
            name: "out", kind: .exclude,
            points: [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)].map { Zone.Point(x: $0.0, y: $0.1) })
        let analyzer = try MotionAnalyzer(zones: [zone])
        let scene = Canvas.textured()
        var all = ActivityGrid()
        for index in 0..<80 {
            let time = Double(index) / 10
            var canvas = scene
            if time >= 3 { canvas.fill(x: Int((time - 3) * 60), y: 80, width: 24, height: 40, level: 230) }
            let measurement = try canvas.withView { try analyzer.measure($0, at: MediaTime(seconds: time)) }
            if time >= 3, let grid = measurement.activity { all.formUnion(grid) }
        }
        #expect(all.count > 20)
        #expect(all.intersection(ActivityGrid(touching: Box(x: 0, y: 0, width: 0.5, height: 1))).isEmpty)
    }

    @Test func `a shaking camera and changing light tell of no activity`() throws {
        let analyzer = try MotionAnalyzer()
        var gate = ZonedGate(CameraSettings(url: ""))
        let (before, after) = (Canvas.textured(), Canvas.textured().scaled(by: 1.6))
        for index in 0..<80 {
            let time = Double(index) / 10
            let measurement = try (time < 4 ? before : after).withView {
                try analyzer.measure($0, at: MediaTime(seconds: time))
            }
            let judgement = gate.judge(measurement)
            #expect(judgement.isBlind || measurement.activity?.isEmpty == true, "\(time)")
        }
    }
}
