import Domain
import Testing
import TestSupport

@testable import Store

/// Budgets and breakers, with a clock that tests move.
@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct AnalyzerMeterTests {
    private struct Bench: Sendable {
        var meter: PostgresAnalyzerMeter
        var clock: ManualClock
        var analyzer: Identifier<Analyzer>
        var test: TestStore

        /// The request where it was granted.
        func begin(isBatch: Bool = false) async throws -> Identifier<AnalyzerRequest>? {
            let id = Identifier<AnalyzerRequest>.make(at: clock.now)
            let answer = try await meter.begin(
                id, of: analyzer, isBatch: isBatch, expectedPromptTokens: 100, expectedCompletionTokens: 100,
                leaseSeconds: 90)
            return answer == nil ? id : nil
        }

        func wait() async throws -> Double? {
            try await meter.begin(
                .make(at: clock.now), of: analyzer, isBatch: false, expectedPromptTokens: 100,
                expectedCompletionTokens: 100, leaseSeconds: 90)?.seconds
        }

        func ask(_ outcome: RequestOutcome) async throws -> Bool {
            guard let id = try await begin() else { return false }
            try await meter.end(id, of: analyzer, outcome)
            return true
        }
    }

    private func with(_ budget: AnalyzerBudget, _ body: (Bench) async throws -> Void) async throws {
        try await TestStore.with { test async throws in
            let clock = ManualClock()
            let analyzer = try await test.store.judging.put(
                Analyzer(
                    id: .make(at: .now), organization: Organization.first, name: "vlm", kind: .openai,
                    baseURL: "http://127.0.0.1/v1", model: "m", budget: budget))
            let meter = PostgresAnalyzerMeter(pool: test.queuePool, now: { clock.now })
            try await body(Bench(meter: meter, clock: clock, analyzer: analyzer, test: test))
        }
    }

    @Test func `no more requests in any minute than allowed, and a fifth is not for batches`() async throws {
        try await with(AnalyzerBudget(requestsPerMinute: 10)) { bench async throws in
            for _ in 0..<8 { #expect(try await bench.begin(isBatch: true) != nil) }
            #expect(try await bench.begin(isBatch: true) == nil)
            for _ in 0..<2 { #expect(try await bench.begin() != nil) }
            #expect(try await bench.begin() == nil)
            bench.clock.advance(30)
            let seconds = try #require(try await bench.wait())
            #expect(seconds > 30)
            bench.clock.advance(32)
            for _ in 0..<10 { #expect(try await bench.begin() != nil) }
            #expect(try await bench.begin() == nil)
        }
    }

    @Test func `many at the same time do not get more than allowed`() async throws {
        try await with(AnalyzerBudget(requestsPerMinute: 7)) { bench async throws in
            let granted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<30 { group.addTask { try await bench.begin() != nil } }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(granted == 7)
        }
    }

    @Test func `no more at a time than allowed; a request without an end is forgotten when its time is over`()
        async throws
    {
        try await with(AnalyzerBudget(concurrency: 2)) { bench async throws in
            let first = try #require(try await bench.begin())
            #expect(try await bench.begin(isBatch: true) == nil)
            #expect(try await bench.begin() != nil)
            #expect(try await bench.begin() == nil)
            try await bench.meter.end(first, of: bench.analyzer, .answered(promptTokens: 1, completionTokens: 1))
            #expect(try await bench.begin() != nil)
            #expect(try await bench.begin() == nil)
            bench.clock.advance(91)
            #expect(try await bench.begin() != nil)
        }
    }

    @Test func `the money of a day is never exceeded, counting what is under way, and the next day is new`()
        async throws
    {
        // 200 tokens are expected: 0.2 each.
        try await with(AnalyzerBudget(moneyPerDay: 1, promptPrice: 1000, completionPrice: 1000)) { bench async throws in
            for _ in 0..<5 { #expect(try await bench.begin() != nil) }
            #expect(try await bench.begin() == nil)
            let seconds = try #require(try await bench.wait())
            #expect(seconds > 3600 && seconds <= 86_400)
            bench.clock.advance(86_400)
            #expect(try await bench.ask(.answered(promptTokens: 500, completionTokens: 300)))
            // The largest so far is expected from now on, and 0.8 + 0.8 is too much.
            #expect(try await bench.begin() == nil)
            let row = try await bench.test.pool.query("SELECT day_money, day_tokens FROM analyzer_budgets").first
            #expect(try row?.get("day_money", as: Double.self) == 0.8)
            #expect(try row?.get("day_tokens", as: Int.self) == 800)
        }
    }

    @Test func `a request whose worker died counts as the most that was expected, once, on the day it began`()
        async throws
    {
        try await with(AnalyzerBudget(moneyPerDay: 1, promptPrice: 1000, completionPrice: 1000)) { bench async throws in
            func spent() async throws -> Double? {
                try await bench.test.pool.query("SELECT day_money FROM analyzer_budgets").first?
                    .get("day_money", as: Double.self)
            }
            // 200 tokens are expected: 0.2 each.
            for _ in 0..<3 { #expect(try await bench.begin() != nil) }
            bench.clock.advance(91)
            let late = try #require(try await bench.begin())
            #expect(abs(try #require(try await spent()) - 0.6) < 1e-9)
            #expect(try await bench.begin() != nil)
            // Its money of the day is used up with what was lost, and stays so.
            #expect(try await bench.begin() == nil)
            bench.clock.advance(91)
            #expect(try await bench.begin() == nil)
            #expect(abs(try #require(try await spent()) - 1) < 1e-9)
            // An end that comes too late is not counted again.
            try await bench.meter.end(late, of: bench.analyzer, .answered(promptTokens: 100, completionTokens: 100))
            #expect(abs(try #require(try await spent()) - 1) < 1e-9)
            bench.clock.advance(86_400)
            for _ in 0..<5 { #expect(try await bench.begin() != nil) }
            #expect(try await bench.begin() == nil)
        }
    }

    @Test func `today's spend shows what was lost before anybody asks again`() async throws {
        try await with(AnalyzerBudget(promptPrice: 1000, completionPrice: 1000)) { bench async throws in
            // Long ago, as a request whose worker died; but today, for the first minutes of a day.
            let now = try #require(
                try await bench.test.pool.query("SELECT clock_timestamp() AS now").first?.time("now"))
            let midnight = now.secondsSinceEpoch - now.secondsSinceEpoch.truncatingRemainder(dividingBy: 86_400)
            let begun = max(midnight, now.secondsSinceEpoch - 100)
            let meter = PostgresAnalyzerMeter(pool: bench.test.queuePool, now: { WallTime(secondsSinceEpoch: begun) })
            let refused = try await meter.begin(
                .make(at: now), of: bench.analyzer, isBatch: false, expectedPromptTokens: 100,
                expectedCompletionTokens: 100, leaseSeconds: 0)
            #expect(refused == nil)
            let stored = try await bench.test.store.judges.analyzer(bench.analyzer, of: Organization.first)
            #expect(stored.usage.requestsToday == 1 && stored.usage.tokensToday == 200)
            #expect(abs(stored.usage.moneyToday - 0.2) < 1e-9)
        }
    }

    @Test func `tokens of a minute are counted, expected and then true ones`() async throws {
        try await with(AnalyzerBudget(tokensPerMinute: 1000)) { bench async throws in
            let first = try #require(try await bench.begin())
            for _ in 0..<4 { #expect(try await bench.begin() != nil) }
            #expect(try await bench.begin() == nil)
            try await bench.meter.end(first, of: bench.analyzer, .other)
            #expect(try await bench.begin() != nil)
        }
    }

    @Test func `five failures open the breaker; then one request tries, and closes it or opens it for longer`()
        async throws
    {
        try await with(AnalyzerBudget()) { bench async throws in
            for _ in 0..<5 { #expect(try await bench.ask(.failed)) }
            let first = try #require(try await bench.wait())
            bench.clock.advance(first + 0.1)
            let probe = try #require(try await bench.begin())
            #expect(try await bench.begin() == nil)
            try await bench.meter.end(probe, of: bench.analyzer, .failed)
            let second = try #require(try await bench.wait())
            #expect(second > first)
            bench.clock.advance(second + 0.1)
            #expect(try await bench.ask(.answered(promptTokens: 1, completionTokens: 1)))
            for _ in 0..<3 { #expect(try await bench.begin() != nil) }
        }
    }

    @Test func `a server that asks to wait is left alone for so long, and no longer`() async throws {
        try await with(AnalyzerBudget()) { bench async throws in
            #expect(try await bench.ask(.busy(seconds: 20)))
            #expect(try await bench.wait() == 20)
            bench.clock.advance(20.1)
            #expect(try await bench.begin() != nil)
        }
    }
}
