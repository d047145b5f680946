internal import Domain
internal import PostgresKit

/// Budgets and breakers in PostgreSQL; the rules are in `analyzer_begin` and `analyzer_end` of `V0003_queue.sql`.
struct PostgresAnalyzerMeter: AnalyzerMeter {
    let pool: Pool
    /// Takes the place of the server's clock: for tests.
    var now: @Sendable () -> WallTime? = { nil }

    func begin(
        _ request: Identifier<AnalyzerRequest>, of analyzer: Identifier<Analyzer>, isBatch: Bool,
        expectedPromptTokens: Int, expectedCompletionTokens: Int, leaseSeconds: Double
    ) async throws -> (seconds: Double, reason: String)? {
        try await storing("analyzer \(analyzer)") {
            let rows = try await pool.query(
                "SELECT wait_seconds, reason FROM analyzer_begin($1, $2, $3, $4, $5, $6, $7)",
                [
                    .optional(now()) { .time($0) }, .id(analyzer), .id(request), .bool(isBatch),
                    .int(expectedPromptTokens), .int(expectedCompletionTokens), .double(leaseSeconds),
                ], prepare: true)
            guard let row = rows.first, let reason = try row.optional("reason", as: String.self) else { return nil }
            if reason == "gone" { throw StoreError.notFound("the analyzer is gone") }
            return (try row.get("wait_seconds"), reason)
        }
    }

    func end(
        _ request: Identifier<AnalyzerRequest>, of analyzer: Identifier<Analyzer>, _ outcome: RequestOutcome
    ) async throws {
        var word = "other"
        var tokens: (prompt: Int?, completion: Int?) = (nil, nil)
        var pause = 0.0
        switch outcome {
        case .answered(let prompt, let completion):
            word = "ok"
            tokens = (prompt, completion)
        case .failed: word = "failed"
        case .busy(let seconds):
            word = "busy"
            pause = seconds.isFinite ? max(0, seconds) : 0
        case .other: break
        }
        try await storing("analyzer \(analyzer)") {
            try await pool.query(
                "SELECT analyzer_end($1, $2, $3, $4, $5, $6, $7)",
                [
                    .optional(now()) { .time($0) }, .id(analyzer), .id(request), .text(word),
                    .optional(tokens.prompt) { .int(max(0, $0)) }, .optional(tokens.completion) { .int(max(0, $0)) },
                    .double(pause),
                ], prepare: true)
        }
    }
}
