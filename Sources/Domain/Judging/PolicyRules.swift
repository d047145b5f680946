/// What one of a policy's analyzers said, or why it said nothing.
package struct AnalyzerOpinion: Sendable, Hashable {
    package var analyzer: String
    package var judgement: Judgement?
    /// Why there is no judgement.
    package var error: String?

    package init(analyzer: String, judgement: Judgement?, error: String? = nil) {
        self.analyzer = analyzer
        self.judgement = judgement
        self.error = error
    }
}

/// How opinions become one verdict.
package enum PolicyRules {
    /// Below this the first analyzer of a cascade is not sure enough.
    package static let sureConfidence = 0.6

    /// Whether the second analyzer of a cascade must be asked: unless the first is sure that there is nothing of interest.
    package static func needsSecond(after first: Judgement) -> Bool {
        first.state != .normal || !first.labels.isEmpty || first.confidence < sureConfidence
    }

    /// The verdict's judgement and the analyzer whose words it has. Tokens and time are those of all that were asked. Nil
    /// where nobody judged.
    package static func combine(
        _ mode: Policy.Mode, _ opinions: [AnalyzerOpinion]
    ) -> (analyzer: String, judgement: Judgement)? {
        let judged = opinions.compactMap { opinion in opinion.judgement.map { (opinion.analyzer, $0) } }
        guard let first = judged.first, let last = judged.last else { return nil }
        var chosen: (analyzer: String, judgement: Judgement)
        switch mode {
        case .single: chosen = first
        case .cascade:
            chosen = last
            // The first asked for a second opinion that could not be had.
            if let missing = opinions.first(where: { $0.judgement == nil }) {
                chosen.judgement.state = .uncertain
                chosen.judgement.reason += " (\(missing.analyzer) could not be asked: \(missing.error ?? "no answer"))"
            }
        case .consensus:
            let states = Set(judged.map(\.1.state))
            if states.count == 1, judged.count == opinions.count {
                chosen = judged.max { $0.1.confidence < $1.1.confidence } ?? first
            } else {
                let said = opinions.map { opinion in
                    guard let judgement = opinion.judgement else {
                        return "\(opinion.analyzer) could not be asked: \(opinion.error ?? "no answer")"
                    }
                    return "\(opinion.analyzer) says \(judgement.state.rawValue): \(judgement.reason)"
                }
                chosen = first
                chosen.analyzer = opinions.map(\.analyzer).joined(separator: "+")
                chosen.judgement.state = .uncertain
                chosen.judgement.confidence = judged.map(\.1.confidence).min() ?? 0
                var labels: [String] = []
                for label in judged.flatMap(\.1.labels) where !labels.contains(label) { labels.append(label) }
                chosen.judgement.labels = labels
                chosen.judgement.summary = "The analyzers do not agree."
                chosen.judgement.reason = said.joined(separator: ". ")
                chosen.judgement.model = judged.map(\.1.model).joined(separator: "+")
            }
        }
        chosen.judgement.latencySeconds =
            mode == .consensus
            ? judged.map(\.1.latencySeconds).max() ?? 0 : judged.reduce(0) { $0 + $1.1.latencySeconds }
        chosen.judgement.promptTokens = sum(judged.map(\.1.promptTokens))
        chosen.judgement.completionTokens = sum(judged.map(\.1.completionTokens))
        return chosen
    }

    private static func sum(_ counts: [Int?]) -> Int? {
        let known = counts.compactMap { $0 }
        return known.isEmpty ? nil : known.reduce(0) { $0.addingReportingOverflow($1).partialValue }
    }
}
