/// What may be asked of an analyzer, by all processes together, and what it costs. Nil: no limit.
package struct AnalyzerBudget: Sendable, Hashable {
    /// Requests at the same time.
    package var concurrency: Int?
    package var requestsPerMinute: Int?
    /// In and out.
    package var tokensPerMinute: Int?
    /// In the unit of the prices, by UTC day.
    package var moneyPerDay: Double?
    /// For a million tokens in.
    package var promptPrice: Double
    /// For a million tokens out.
    package var completionPrice: Double

    package init(
        concurrency: Int? = nil, requestsPerMinute: Int? = nil, tokensPerMinute: Int? = nil, moneyPerDay: Double? = nil,
        promptPrice: Double = 0, completionPrice: Double = 0
    ) {
        self.concurrency = concurrency
        self.requestsPerMinute = requestsPerMinute
        self.tokensPerMinute = tokensPerMinute
        self.moneyPerDay = moneyPerDay
        self.promptPrice = promptPrice
        self.completionPrice = completionPrice
    }

    package func cost(promptTokens: Int?, completionTokens: Int?) -> Double {
        (Double(promptTokens ?? 0) * promptPrice + Double(completionTokens ?? 0) * completionPrice) / 1e6
    }
}

/// One request to an analyzer.
package enum AnalyzerRequest {}

/// How a request to an analyzer ended, as far as budgets and the circuit breaker care.
package enum RequestOutcome: Sendable, Hashable {
    case answered(promptTokens: Int?, completionTokens: Int?)
    /// No answer, or one that says that the server is broken: enough of these in a row open the breaker.
    case failed
    /// The server asked to wait.
    case busy(seconds: Double)
    /// Ended by us, or refused for what was asked: says nothing of the server's health.
    case other
}

/// Keeps an analyzer's budgets and its circuit breaker for all processes.
package protocol AnalyzerMeter: Sendable {
    /// Nil when the request may go out, and is counted from now on; else how long to wait, and why. Batch work leaves a part
    /// of each budget to the rest. A request without an end is taken for lost after `leaseSeconds`.
    func begin(
        _ request: Identifier<AnalyzerRequest>, of analyzer: Identifier<Analyzer>, isBatch: Bool,
        expectedPromptTokens: Int, expectedCompletionTokens: Int, leaseSeconds: Double
    ) async throws -> (seconds: Double, reason: String)?
    func end(
        _ request: Identifier<AnalyzerRequest>, of analyzer: Identifier<Analyzer>, _ outcome: RequestOutcome
    ) async throws
}

/// What a model asks before each request to its server, and tells after it.
package protocol RequestGate: Sendable {
    /// Waits a little, or throws `postpone` where waiting is not worth while.
    func begin(
        expectedPromptTokens: Int, expectedCompletionTokens: Int
    ) async throws(JudgeError) -> Identifier<AnalyzerRequest>
    func end(_ request: Identifier<AnalyzerRequest>, _ outcome: RequestOutcome) async
}
