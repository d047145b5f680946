/// What an analyzer said of an event, tied to a definition version and a model. Append-only (I9).
package struct Verdict: Sendable, Hashable {
    package enum State: String, Sendable, Codable, CaseIterable { case normal, abnormal, uncertain }

    package var id: Identifier<Verdict>
    package var event: Identifier<Event>
    /// Of the definition nearest to the camera; 0 for one that is not saved.
    package var definitionVersion: Int
    /// Nil where it is not known.
    package var definition: Identifier<DefinitionVersion>?
    package var analyzer: String
    package var judgement: Judgement
    package var createdAt: WallTime
    package var policy: Policy.Mode
    /// What each analyzer said that was asked, in order.
    package var opinions: [AnalyzerOpinion]
    /// Money, by the analyzers' prices.
    package var cost: Double

    package init(
        id: Identifier<Verdict>, event: Identifier<Event>, definitionVersion: Int, analyzer: String,
        judgement: Judgement, createdAt: WallTime, policy: Policy.Mode = .single, opinions: [AnalyzerOpinion] = [],
        cost: Double = 0, definition: Identifier<DefinitionVersion>? = nil
    ) {
        self.id = id
        self.event = event
        self.definitionVersion = definitionVersion
        self.analyzer = analyzer
        self.judgement = judgement
        self.createdAt = createdAt
        self.policy = policy
        self.opinions = opinions
        self.cost = cost
        self.definition = definition
    }
}

/// An analyzer's answer.
package struct Judgement: Sendable, Hashable {
    package var state: Verdict.State
    /// 0–1, clamped.
    package var confidence: Double
    /// Lower case, from the definition's labels, most certain first.
    package var labels: [String]
    package var summary: String
    package var reason: String
    /// As the server reports it; for the embedded analyzer the detector's name.
    package var model: String
    package var latencySeconds: Double
    package var promptTokens: Int?
    package var completionTokens: Int?
    /// SHA-256 of the prompt's text, hexadecimal; nil where there is no prompt.
    package var promptHash: String?

    package init(
        state: Verdict.State, confidence: Double, labels: [String], summary: String, reason: String, model: String,
        latencySeconds: Double, promptTokens: Int? = nil, completionTokens: Int? = nil, promptHash: String? = nil
    ) {
        self.state = state
        self.confidence = min(1, max(0, confidence.isFinite ? confidence : 0))
        self.labels = labels
        self.summary = summary
        self.reason = reason
        self.model = model
        self.latencySeconds = latencySeconds
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.promptHash = promptHash
    }
}
