import Domain
import Foundation
import PostgresKit
import Synchronization
import TestSupport
import Testing

@testable import Store

/// Time as the meter sees it; moved by hand.
private final class MovedClock: Sendable {
    private let value: Mutex<WallTime>

    init(_ start: WallTime) { value = Mutex(start) }

    var now: WallTime { value.withLock { $0 } }
    func advance(_ seconds: Double) { value.withLock { $0 = $0.advanced(bySeconds: seconds) } }
}

/// What a model server counts for its bill.
private final class Bill: Sendable {
    private let tokens = Mutex((prompt: 0, completion: 0))

    /// An answer whose length depends on what was asked.
    func answer(_ request: String) -> (text: String, promptTokens: Int, completionTokens: Int) {
        let sum = request.utf8.suffix(2000).reduce(request.utf8.count) { $0 &+ Int($1) }
        let (prompt, completion) = (200 + sum % 400, 20 + sum % 37)
        tokens.withLock { $0 = ($0.prompt + prompt, $0.completion + completion) }
        return (#"{"summary":"s","reason":"r","labels":[],"state":"normal","confidence":0.7}"#, prompt, completion)
    }

    var total: (prompt: Int, completion: Int) { tokens.withLock { $0 } }
}

extension JudgingTests {
    /// The clock stands still while anybody works and is moved when all have been sent away, so that each request that arrives
    /// has a known minute, however slow the machine is.
    @Test(.timeLimit(.minutes(30)))
    func `four workers never ask sixty-one times in any minute, and the money counted is what the server counts`()
        async throws
    {
        let bill = Bill()
        let budget = AnalyzerBudget(requestsPerMinute: 60, promptPrice: 2.5, completionPrice: 10)
        try await with([.answers { bill.answer($0) }], budget: budget) { site async throws in
            // Noon, so that the day does not end in between.
            let day = (TestClock().now.secondsSinceEpoch / 86_400).rounded(.down)
            let clock = MovedClock(WallTime(secondsSinceEpoch: day * 86_400 + 43_200))
            var settings = ConnectionSettings(site.connectionString)
            settings.session = PostgresJobQueue.session
            let pool = Pool(settings, size: 8)
            let meter = PostgresAnalyzerMeter(pool: pool, now: { clock.now })
            var asked: [(at: Double, requests: Int)] = []
            var waves = [50, 5, 40, 30, 25]
            let events = waves.reduce(0, +)
            do {
                _ = try await addEvents(waves.removeFirst(), site)
                try await work(4, site, meter: meter) {
                    let busy = try await number(
                        "SELECT count(*) FROM jobs WHERE state <> 'scheduled' OR run_at <= clock_timestamp()", site)
                    guard busy == 0 else { return false }
                    let before = asked.reduce(0) { $0 + $1.requests }
                    asked.append((clock.now.secondsSinceEpoch, site.server.requestCount - before))
                    if waves.isEmpty, try await number("SELECT count(*) FROM jobs", site) == 0 { return true }
                    clock.advance(7)
                    if !waves.isEmpty { _ = try await addEvents(waves.removeFirst(), site) }
                    _ = try await site.pool.query(
                        "UPDATE jobs SET run_at = clock_timestamp() WHERE state = 'scheduled'")
                    return false
                }
            } catch {
                await pool.close()
                throw error
            }
            await pool.close()

            let minutes = asked.map { end in
                asked.filter { $0.at > end.at - 60 && $0.at <= end.at }.reduce(0) { $0 + $1.requests }
            }
            #expect(minutes.max() == 60, "the budget is used, and never exceeded: \(asked.map(\.requests))")
            #expect(site.server.requestCount == events)
            let total = bill.total
            #expect(try await number("SELECT day_requests FROM analyzer_budgets", site) == events)
            #expect(
                try await number("SELECT day_tokens FROM analyzer_budgets", site) == total.prompt + total.completion)
            let money = (Double(total.prompt) * 2.5 + Double(total.completion) * 10) / 1e6
            for sql in ["SELECT day_money AS money FROM analyzer_budgets", "SELECT sum(cost) AS money FROM verdicts"] {
                let counted = try #require(try await site.pool.query(sql).first?.get("money", as: Double.self))
                #expect(abs(counted - money) < 1e-9, "\(sql)")
            }
            // Being sent away is no failed attempt.
            #expect(
                try await number("SELECT count(*) FROM job_history WHERE attempt > 1 OR state <> 'succeeded'", site)
                    == 0)
            print("requests at each step of 7 s: \(asked.map(\.requests))")
        }
    }
}
