import FoundationEssentials

/// The payload of jobs that judge one event, as JSON.
package struct JudgePayload: Codable, Sendable, Hashable {
    private struct Choice: Codable, Sendable, Hashable {
        var definition_id: Identifier<Definition>?
        var definition_version: Int?
        var policy: String?
        var analyzers: [String]?
    }

    private var event_id: Identifier<Event>
    private var reanalysis_id: Identifier<Reanalysis>?
    private var choice: Choice?

    package var event: Identifier<Event> { event_id }
    package var reanalysis: Identifier<Reanalysis>? { reanalysis_id }
    package var judgingChoice: JudgingChoice {
        JudgingChoice(
            definition: choice?.definition_id, version: choice?.definition_version,
            mode: choice?.policy.flatMap(Policy.Mode.init(rawValue:)), analyzers: choice?.analyzers)
    }

    package init(event: Identifier<Event>, choice: JudgingChoice) {
        event_id = event
        if !choice.isEmpty {
            self.choice = Choice(
                definition_id: choice.definition, definition_version: choice.version, policy: choice.mode?.rawValue,
                analyzers: choice.analyzers)
        }
    }

    /// Nil for anything else.
    package init?(_ text: String) {
        guard let read = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)) else { return nil }
        self = read
    }

    package var text: String {
        get throws { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
    }
}
