import Domain
import Testing

struct PolicyRulesTests {
    private func judgement(
        _ state: Verdict.State, _ confidence: Double, labels: [String] = [], tokens: Int? = nil
    ) -> Judgement {
        Judgement(
            state: state, confidence: confidence, labels: labels, summary: "s", reason: "r", model: "m",
            latencySeconds: 1, promptTokens: tokens, completionTokens: tokens)
    }

    private func opinion(_ analyzer: String, _ judgement: Judgement?, error: String? = nil) -> AnalyzerOpinion {
        AnalyzerOpinion(analyzer: analyzer, judgement: judgement, error: error)
    }

    @Test func `analyzers that agree give the surer one's verdict`() throws {
        let both = [
            opinion("a", judgement(.abnormal, 0.7, tokens: 10)), opinion("b", judgement(.abnormal, 0.9, tokens: 5)),
        ]
        let combined = try #require(PolicyRules.combine(.consensus, both))
        #expect(combined.analyzer == "b")
        #expect(combined.judgement.state == .abnormal && combined.judgement.confidence == 0.9)
        #expect(combined.judgement.promptTokens == 15)
    }

    @Test func `analyzers that do not agree give uncertain, with both labels and reasons`() throws {
        let both = [
            opinion("a", judgement(.abnormal, 0.7, labels: ["person"])), opinion("b", judgement(.normal, 0.9)),
        ]
        let combined = try #require(PolicyRules.combine(.consensus, both))
        #expect(combined.analyzer == "a+b")
        #expect(combined.judgement.state == .uncertain && combined.judgement.confidence == 0.7)
        #expect(combined.judgement.labels == ["person"])
        #expect(
            combined.judgement.reason.contains("a says abnormal") && combined.judgement.reason.contains("b says normal")
        )
    }

    @Test func `one that cannot be asked makes no consensus, and nobody makes no verdict`() throws {
        let half = [opinion("a", judgement(.abnormal, 0.7)), opinion("b", nil, error: "refused")]
        #expect(PolicyRules.combine(.consensus, half)?.judgement.state == .uncertain)
        #expect(PolicyRules.combine(.consensus, [opinion("a", nil), opinion("b", nil)]) == nil)
        #expect(PolicyRules.combine(.cascade, half)?.judgement.state == .uncertain)
    }

    @Test func `a cascade asks the second unless the first is sure that nothing is there`() {
        #expect(!PolicyRules.needsSecond(after: judgement(.normal, 0.9)))
        #expect(PolicyRules.needsSecond(after: judgement(.normal, 0.4)))
        #expect(PolicyRules.needsSecond(after: judgement(.uncertain, 0.9)))
        #expect(PolicyRules.needsSecond(after: judgement(.abnormal, 0.9, labels: ["person"])))
        let asked = [opinion("cheap", judgement(.uncertain, 0.4)), opinion("vlm", judgement(.normal, 0.8))]
        #expect(PolicyRules.combine(.cascade, asked)?.analyzer == "vlm")
    }
}
