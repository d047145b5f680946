import Testing

@testable import Ingest

struct RingBudgetTests {
    @Test func `cameras have equal shares, between what a pre-roll needs and what nobody needs`() {
        let budget = RingBudget(bytes: 400 << 20)
        #expect(budget.share == RingBudget.most)
        for _ in 0..<10 { budget.enter() }
        #expect(budget.share == 40 << 20)
        for _ in 0..<90 { budget.enter() }
        #expect(budget.share == RingBudget.least)
        for _ in 0..<95 { budget.leave() }
        #expect(budget.share == 80 << 20)
    }
}
