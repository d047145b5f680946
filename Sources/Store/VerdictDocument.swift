internal import Domain
internal import FoundationEssentials
internal import PostgresKit

/// A verdict as the JSON that completes a job; the names are those of the columns.
struct VerdictDocument: Encodable {
    var id: String
    var event_id: String
    var definition_version: Int
    var definition_version_id: String?
    var analyzer: String
    var state: String
    var confidence: Double
    var labels: [String]
    var summary: String
    var reason: String
    var model: String
    var latency_seconds: Double
    var prompt_tokens: Int?
    var completion_tokens: Int?
    var prompt_hash: String?
    var created_at: String
    var policy: String
    var opinions: [OpinionDocument]
    var cost: Double

    init(_ verdict: Verdict) {
        let judgement = verdict.judgement
        id = verdict.id.description
        event_id = verdict.event.description
        definition_version = verdict.definitionVersion
        definition_version_id = verdict.definition?.description
        analyzer = verdict.analyzer.storable(limit: 1000)
        state = judgement.state.rawValue
        confidence = judgement.confidence
        labels = judgement.labels.map { $0.storable(limit: 1000) }
        summary = judgement.summary.storable(limit: 20_000)
        reason = judgement.reason.storable(limit: 20_000)
        model = judgement.model.storable(limit: 1000)
        latency_seconds = judgement.latencySeconds.isFinite ? max(0, judgement.latencySeconds) : 0
        prompt_tokens = judgement.promptTokens.map { max(0, $0) }
        completion_tokens = judgement.completionTokens.map { max(0, $0) }
        prompt_hash = judgement.promptHash
        created_at = PostgresTimestamp(verdict.createdAt).text
        policy = verdict.policy.rawValue
        opinions = verdict.opinions.map(OpinionDocument.init)
        cost = verdict.cost.isFinite ? max(0, verdict.cost) : 0
    }

    static func text(_ verdict: Verdict) throws -> String {
        String(decoding: try JSONEncoder().encode(VerdictDocument(verdict)), as: UTF8.self)
    }
}

/// One analyzer's word inside a verdict.
struct OpinionDocument: Codable {
    var analyzer: String
    var error: String?
    var model: String?
    var state: String?
    var confidence: Double?
    var labels: [String]?
    var summary: String?
    var reason: String?
    var latency_seconds: Double?
    var prompt_tokens: Int?
    var completion_tokens: Int?
    var prompt_hash: String?

    init(_ opinion: AnalyzerOpinion) {
        analyzer = opinion.analyzer.storable(limit: 1000)
        error = opinion.error?.storable(limit: 4000)
        guard let judgement = opinion.judgement else { return }
        model = judgement.model.storable(limit: 1000)
        state = judgement.state.rawValue
        confidence = judgement.confidence
        labels = judgement.labels.map { $0.storable(limit: 1000) }
        summary = judgement.summary.storable(limit: 20_000)
        reason = judgement.reason.storable(limit: 20_000)
        latency_seconds = judgement.latencySeconds.isFinite ? max(0, judgement.latencySeconds) : 0
        prompt_tokens = judgement.promptTokens
        completion_tokens = judgement.completionTokens
        prompt_hash = judgement.promptHash
    }

    var opinion: AnalyzerOpinion {
        var judgement: Judgement?
        if let state = state.flatMap(Verdict.State.init(rawValue:)) {
            judgement = Judgement(
                state: state, confidence: confidence ?? 0, labels: labels ?? [], summary: summary ?? "",
                reason: reason ?? "", model: model ?? "", latencySeconds: latency_seconds ?? 0,
                promptTokens: prompt_tokens, completionTokens: completion_tokens, promptHash: prompt_hash)
        }
        return AnalyzerOpinion(analyzer: analyzer, judgement: judgement, error: error)
    }

    static func opinions(_ text: String) throws -> [AnalyzerOpinion] {
        if text == "[]" { return [] }
        return try JSONDecoder().decode([OpinionDocument].self, from: Data(text.utf8)).map(\.opinion)
    }
}
