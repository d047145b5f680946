/// How one event is to be judged, where not as its camera's settings say. Nil: as they say.
package struct JudgingChoice: Sendable, Hashable {
    /// Which definition `version` counts in; nil: the organization's.
    package var definition: Identifier<Definition>?
    /// Taken as it is; what it leaves open comes from the levels above it.
    package var version: Int?
    /// Words that are not saved; what they leave open is as if they were not there.
    package var draft: DefinitionParts?
    package var mode: Policy.Mode?
    /// Names, in order.
    package var analyzers: [String]?

    package init(
        definition: Identifier<Definition>? = nil, version: Int? = nil, draft: DefinitionParts? = nil,
        mode: Policy.Mode? = nil, analyzers: [String]? = nil
    ) {
        self.definition = definition
        self.version = version
        self.draft = draft
        self.mode = mode
        self.analyzers = analyzers
    }

    package var isEmpty: Bool { self == JudgingChoice() }
}
