import Domain

/// Asks the meter before each request to an analyzer's server: waits out short waits, and gives the job back for long ones.
struct MeteredGate: RequestGate {
    let meter: any AnalyzerMeter
    let analyzer: Analyzer
    let isBatch: Bool
    let clock: any WallClock

    /// Together, for one request. A waiting job keeps a place of the worker busy.
    private static let longestWaitSeconds = 3.0

    func begin(
        expectedPromptTokens: Int, expectedCompletionTokens: Int
    ) async throws(JudgeError) -> Identifier<AnalyzerRequest> {
        let id = Identifier<AnalyzerRequest>.make(at: clock.now)
        var waited = 0.0
        while true {
            let answer: (seconds: Double, reason: String)?
            do {
                answer = try await meter.begin(
                    id, of: analyzer.id, isBatch: isBatch, expectedPromptTokens: expectedPromptTokens,
                    expectedCompletionTokens: expectedCompletionTokens, leaseSeconds: analyzer.timeoutSeconds + 30)
            } catch {
                throw JudgeError(
                    .retry(afterSeconds: nil), "the budget of \"\(analyzer.name)\" cannot be read: \(error)")
            }
            guard let answer else { return id }
            let seconds = max(0.02, answer.seconds)
            if waited + seconds > Self.longestWaitSeconds {
                // Not all at the same instant, and not for so long that a raised budget helps nobody today.
                let later = min(seconds, 300) * Double.random(in: 1..<1.2)
                throw JudgeError(.postpone(seconds: later), "analyzer \"\(analyzer.name)\": \(answer.reason)")
            }
            waited += seconds
            do { try await Task.sleep(for: .seconds(seconds * Double.random(in: 1..<1.1))) } catch {
                throw JudgeError(.postpone(seconds: 0), "cancelled")
            }
        }
    }

    func end(_ request: Identifier<AnalyzerRequest>, _ outcome: RequestOutcome) async {
        let meter = self.meter
        let analyzer = self.analyzer.id
        // Also when this task is cancelled: a request without an end counts as running until it expires.
        await Task { try? await meter.end(request, of: analyzer, outcome) }.value
    }
}
