import Domain
import Synchronization
import Testing

@testable import Ingest

struct WakeGateTests {
    private final class Count: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func add() { count.withLock { $0 += 1 } }
    }

    @Test func `a gate wakes as directly after a million wakes as at first`() {
        // A stack that grew with every wake would have ended long before.
        let count = Count()
        let gate = WakeGate { count.add() }
        for _ in 0..<1_000_000 { gate() }
        gate.close()
        gate()
        #expect(count.value == 1_000_000)
    }

    @Test func `at rest samples wake five times a second, after it each does, and what is no sample always does`() {
        let count = Count()
        let gate = WakeGate { count.add() }
        let start = WallTime(secondsSinceEpoch: 1_700_000_000)
        func samples(from seconds: Double) {
            for number in 0..<20 { gate.sampleArrived(at: start.advanced(bySeconds: seconds + Double(number) * 0.05)) }
        }
        samples(from: 0)
        #expect(count.value == 20)
        gate.rest(true)
        samples(from: 1)
        #expect((24...25).contains(count.value), "\(count.value)")
        let before = count.value
        gate()
        gate()
        #expect(count.value == before + 2)
        gate.rest(false)
        samples(from: 2)
        #expect(count.value == before + 22)
    }

    @Test func `a wall clock that is set back does not hold samples back`() {
        let count = Count()
        let gate = WakeGate { count.add() }
        gate.rest(true)
        let start = WallTime(secondsSinceEpoch: 1_700_000_000)
        gate.sampleArrived(at: start)
        gate.sampleArrived(at: start.advanced(bySeconds: -3600))
        #expect(count.value == 2)
    }
}
