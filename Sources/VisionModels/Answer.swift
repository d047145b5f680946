internal import Domain

/// A model's answer that was read and found usable.
struct Answer: Sendable, Hashable {
    var state: Verdict.State
    var confidence: Double
    var labels: [String]
    var summary: String
    var reason: String

    /// Why an answer is not usable; goes into the repair request and, if that fails too, into the verdict.
    struct Unusable: Error, Sendable, Hashable {
        var what: String
    }

    /// Reads the model's text. Around the JSON object a code fence, thoughts in `<think>` and other words are tolerated;
    /// in it, unknown keys and labels are dropped, numbers are clamped and strings are cut.
    init(_ text: String, labels allowed: [String]) throws(Unusable) {
        guard let object = Self.object(in: text) else { throw Unusable(what: "it is not a JSON object") }
        guard let stateText = object["state"]?.string?.lowercased(), let state = Verdict.State(rawValue: stateText)
        else {
            throw Unusable(what: "\"state\" is not one of normal, abnormal, uncertain")
        }
        guard let confidence = object["confidence"]?.number else {
            throw Unusable(what: "\"confidence\" is not a number")
        }
        guard let summary = object["summary"]?.string else { throw Unusable(what: "\"summary\" is not a string") }
        guard let reason = object["reason"]?.string else { throw Unusable(what: "\"reason\" is not a string") }
        let given = object["labels"]?.array
        guard given != nil || allowed.isEmpty else { throw Unusable(what: "\"labels\" is not an array") }
        let known = Set(allowed.map { $0.lowercased() })
        var labels: [String] = []
        for label in (given ?? []).compactMap({ $0.string?.lowercased() }) where known.contains(label) {
            if !labels.contains(label) { labels.append(label) }
        }
        self.state = state
        self.confidence = min(1, max(0, confidence))
        self.labels = labels
        self.summary = Self.clean(summary, limit: AnswerSchema.summaryCharacters)
        self.reason = Self.clean(reason, limit: AnswerSchema.reasonCharacters)
    }

    private static func object(in text: String) -> JSONValue? {
        var text = text[...]
        if let thoughtEnd = text.lastRange(of: "</think>") { text = text[thoughtEnd.upperBound...] }
        guard let first = text.firstIndex(of: "{"), let last = text.lastIndex(of: "}"), first < last else { return nil }
        guard let value = JSONValue(bytes: Array(text[first...last].utf8)), case .object = value else { return nil }
        return value
    }

    /// Without control characters, and no longer than `limit` characters.
    static func clean(_ text: String, limit: Int) -> String {
        let plain = String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix(limit * 8).map { $0.properties.generalCategory == .control ? " " : $0 }))
        return plain.count <= limit ? plain : plain.prefix(limit - 1) + "…"
    }
}

extension Substring {
    fileprivate func lastRange(of word: String) -> Range<Index>? { ranges(of: word).last }
}
