import Domain
import Testing

struct ClockMapTests {
    private func wall(_ seconds: Double) -> WallTime { WallTime(secondsSinceEpoch: 1_000_000 + seconds) }

    @Test func `nothing is known before the first unit`() {
        #expect(ClockMap().wall(MediaTime(seconds: 1)) == nil)
    }

    @Test func `delays on the way do not move events later`() {
        var map = ClockMap()
        map.observe(MediaTime(seconds: 0), arrivedAt: wall(0))
        for index in 1...100 {
            let media = Double(index) / 10
            map.observe(MediaTime(seconds: media), arrivedAt: wall(media + (index % 7 == 0 ? 0.4 : 0.01)))
        }
        let mapped = map.wall(MediaTime(seconds: 10))
        #expect(abs((mapped ?? wall(0)).seconds(since: wall(10))) < 0.05)
    }

    @Test func `a burst at the start is corrected by the first prompt unit`() {
        var map = ClockMap()
        // Two seconds of media that had waited arrive at once.
        for index in 0...20 { map.observe(MediaTime(seconds: Double(index) / 10), arrivedAt: wall(2)) }
        #expect(abs((map.wall(MediaTime(seconds: 2)) ?? wall(0)).seconds(since: wall(2))) < 0.01)
    }

    @Test(arguments: [-200e-6, 200e-6])
    func `an hour of camera drift stays within half a second of the truth`(drift: Double) {
        var map = ClockMap()
        for second in 0...3600 {
            let media = Double(second)
            map.observe(MediaTime(seconds: media), arrivedAt: wall(media * (1 + drift)))
        }
        let mapped = map.wall(MediaTime(seconds: 3600)) ?? wall(0)
        #expect(abs(mapped.seconds(since: wall(3600 * (1 + drift)))) < 0.5)
    }
}
