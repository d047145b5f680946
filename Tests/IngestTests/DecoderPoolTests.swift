import Domain
import Synchronization
import Testing

@testable import Ingest

struct DecoderPoolTests {
    private final class Count: Sendable {
        let value = Atomic(0)
        func add() { value.add(1, ordering: .relaxed) }
        var now: Int { value.load(ordering: .relaxed) }
    }

    @Test func `places are given in the order in which they were asked for`() {
        let pool = DecoderPool(places: 2)
        let woken = Count()
        let tickets = (0..<5).map { _ in pool.request { woken.add() } }
        #expect(tickets.map { $0.isGranted } == [true, true, false, false, false])
        #expect(pool.isWantedByOthers)
        pool.leave(tickets[0])
        #expect(tickets.map { $0.isGranted } == [false, true, true, false, false])
        #expect(woken.now == 1)
        // Who gives up waiting is passed over.
        pool.leave(tickets[3])
        pool.leave(tickets[1])
        #expect(tickets.map { $0.isGranted } == [false, false, true, false, true])
        #expect(!pool.isWantedByOthers)
    }

    @Test func `giving a place back twice frees one`() {
        let pool = DecoderPool(places: 1)
        let first = pool.request {}
        pool.leave(first)
        pool.leave(first)
        #expect(pool.request {}.isGranted)
        #expect(!pool.request {}.isGranted)
    }
}
