import Domain
import Testing

struct TamperWatchTests {
    /// Blocks of light and dark, moved by so many cells, with this contrast and light.
    static func scene(
        seed: Int = 1, across: Int = 0, contrast: Float = 1, fine: Float = 1, light: Float = 0
    ) throws -> SceneSample {
        var levels: [Float] = [], edges: [Float] = []
        for row in 0..<SceneSample.rows {
            for column in 0..<SceneSample.columns {
                var hash = UInt64((column + across + 400) / 4) &* 73_856_093 ^ UInt64(row / 3) &* 19_349_663
                hash = (hash ^ UInt64(seed) &* 83_492_791) &* 0x9e37_79b9_7f4a_7c15
                let value = Float(hash >> 48) / 65536
                levels.append(100 + light + 40 * contrast * (value - 0.5))
                edges.append(0.3 + 6 * fine * contrast * value)
            }
        }
        return try #require(SceneSample(levels: levels, edges: edges))
    }

    private struct Run {
        var watch = TamperWatch()
        var findings: [(at: Double, finding: TamperWatch.Finding)] = []
        var now = 0.0

        mutating func show(_ sample: SceneSample, seconds: Double, every: Double = 1) {
            let end = now + seconds
            while now < end {
                if let finding = watch.observe(sample, at: MediaTime(seconds: now)) { findings.append((now, finding)) }
                now += every
            }
        }
    }

    private static let tamperings: [(TamperWatch.Kind, Int, Float, Float, Int)] = [
        (.covered, 2, 0.05, 1, 0), (.moved, 2, 1, 1, 0), (.moved, 1, 1, 1, 24), (.moved, 1, 1, 1, 4),
        (.defocused, 1, 0.8, 0.3, 0),
    ]

    @Test(arguments: tamperings)
    func `what stays wrong is told once, with when it began`(
        kind: TamperWatch.Kind, seed: Int, contrast: Float, fine: Float, across: Int
    ) throws {
        for every in [0.1, 1, 4] {
            var run = Run()
            run.show(try Self.scene(), seconds: 40, every: every)
            let begins = run.now
            run.show(
                try Self.scene(seed: seed, across: across, contrast: contrast, fine: fine), seconds: 200, every: every)
            #expect(run.findings.map(\.finding.kind) == [kind])
            let first = try #require(run.findings.first)
            #expect(first.finding.since.seconds >= begins - 0.01 && first.finding.since.seconds <= begins + 4)
            #expect(first.at - begins >= 10 && first.at - begins <= 21)
        }
    }

    @Test func `somebody close, a lamp, and less or more light for good are nothing`() throws {
        var run = Run()
        run.show(try Self.scene(), seconds: 30)
        for _ in 0..<10 {
            run.show(try Self.scene(seed: 5, contrast: 0.1), seconds: 8)
            run.show(try Self.scene(), seconds: 2)
        }
        for light in [Float(-110), 40, -50, 0] { run.show(try Self.scene(light: light), seconds: 60) }
        for contrast in [Float(0.3), 1.6, 0.5] {
            run.show(try Self.scene(contrast: contrast, light: -60 * (1 - contrast)), seconds: 60)
        }
        #expect(run.findings.isEmpty)
    }

    @Test func `it is over when the scene is back, and can happen again`() throws {
        var run = Run()
        run.show(try Self.scene(), seconds: 30)
        run.show(try Self.scene(seed: 9, contrast: 0.02), seconds: 60)
        #expect(run.watch.tampering != nil)
        run.show(try Self.scene(), seconds: 15)
        #expect(run.watch.tampering == nil)
        run.show(try Self.scene(seed: 9, contrast: 0.02), seconds: 60)
        #expect(run.findings.count == 2)
    }

    @Test func `a scene that stays is how it is now, and is watched in its turn`() throws {
        var run = Run()
        run.show(try Self.scene(), seconds: 30)
        run.show(try Self.scene(seed: 3), seconds: 400)
        #expect(run.watch.tampering == nil && run.findings.count == 1)
        run.show(try Self.scene(seed: 4), seconds: 60)
        #expect(run.findings.map(\.finding.kind) == [.moved, .moved])
    }

    @Test func `nothing is said before the scene is known, or where there is nothing to miss`() throws {
        var run = Run()
        run.show(try Self.scene(), seconds: 8)
        run.show(try Self.scene(seed: 2), seconds: 9)
        #expect(run.findings.isEmpty)
        var flat = Run()
        flat.show(try Self.scene(contrast: 0.02), seconds: 60)
        flat.show(try Self.scene(seed: 2, contrast: 0.02), seconds: 60)
        #expect(flat.findings.isEmpty)
    }

    @Test func `a camera that comes back turned away is found by what the connection before had learnt`() throws {
        var run = Run()
        run.show(try Self.scene(), seconds: 30)
        var next = Run(watch: TamperWatch(memory: run.watch))
        next.show(try Self.scene(seed: 2), seconds: 30)
        #expect(next.findings.map(\.finding.kind) == [.moved])
    }

    @Test func `a sample has its cells`() {
        #expect(SceneSample(levels: [1], edges: [1]) == nil)
    }
}
