internal import Domain

extension Opinion {
    /// The analyzer's answer in words and numbers.
    func judgement(model: String, latencySeconds: Double, unknownLabels: [String]) -> Judgement {
        let state: Verdict.State
        let confidence: Double
        let summary: String
        let known = findings.map(\.label.text)
        if known.isEmpty {
            state = .uncertain
            confidence = 0
            summary = "nothing was looked for"
        } else if !found.isEmpty {
            state = .abnormal
            confidence = bestScore
            summary = found.map { Self.words($0.count, $0.label.text) }.joined(separator: ", ")
        } else if !doubtful.isEmpty {
            state = .uncertain
            confidence = bestScore
            summary = "perhaps \(doubtful.map(\.label.text).joined(separator: ", "))"
        } else {
            state = .normal
            confidence = 1 - bestScore
            summary = "no \(known.joined(separator: ", no "))"
        }
        var reason = findings.map { "\($0.label.text) \(Self.hundredths($0.score))" }.joined(separator: ", ")
        if !known.isEmpty {
            reason += "; found from \(Self.hundredths(Self.threshold)), doubtful from \(Self.hundredths(Self.doubt))"
        }
        if !unknownLabels.isEmpty {
            if !reason.isEmpty { reason += ". " }
            reason += "This detector does not know: \(unknownLabels.joined(separator: ", "))"
        }
        return Judgement(
            state: state, confidence: confidence, labels: found.map(\.label.text), summary: summary, reason: reason,
            model: model, latencySeconds: latencySeconds)
    }

    private static func words(_ count: Int, _ label: String) -> String { "\(count) \(label)\(count == 1 ? "" : "s")" }

    private static func hundredths(_ value: Double) -> String {
        let whole = Int((value * 100).rounded())
        return "\(whole / 100).\(whole % 100 < 10 ? "0" : "")\(whole % 100)"
    }
}
