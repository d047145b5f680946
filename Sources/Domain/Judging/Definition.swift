/// What is normal at a place and what to look for.
package enum Definition {}

/// One immutable version of a definition.
package struct DefinitionVersion: Sendable, Hashable {
    package var id: Identifier<DefinitionVersion>
    package var definition: Identifier<Definition>
    /// 1, 2, 3 …
    package var version: Int
    /// What is normal, in the owner's words.
    package var normal: String
    /// What is looked for; seeing one of these makes the embedded analyzer say `abnormal`.
    package var labels: [String]
    /// What the reason must answer.
    package var questions: [String]
    /// What normal looks like.
    package var examples: [DefinitionExample]

    package init(
        id: Identifier<DefinitionVersion>, definition: Identifier<Definition>, version: Int, normal: String,
        labels: [String], questions: [String] = [], examples: [DefinitionExample] = []
    ) {
        self.id = id
        self.definition = definition
        self.version = version
        self.normal = normal
        self.labels = labels
        self.questions = questions
        self.examples = examples
    }
}

/// A configured judge.
package struct Analyzer: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable { case embedded, openai }
    package var id: Identifier<Analyzer>
    package var organization: Identifier<Organization>
    package var name: String
    package var kind: Kind
    /// `openai`: ends before `/chat/completions`.
    package var baseURL: String?
    package var model: String?
    /// Sent as `Authorization: Bearer`; never logged or returned.
    package var apiKey: String?
    /// For the whole request.
    package var timeoutSeconds: Double
    package var budget: AnalyzerBudget
    /// Most in one request, examples included; nil: no limit.
    package var maximumPictures: Int?
    package var connection: AnalyzerConnection

    package init(
        id: Identifier<Analyzer>, organization: Identifier<Organization>, name: String, kind: Kind,
        baseURL: String? = nil, model: String? = nil, apiKey: String? = nil, timeoutSeconds: Double = 60,
        budget: AnalyzerBudget = AnalyzerBudget(), maximumPictures: Int? = nil,
        connection: AnalyzerConnection = AnalyzerConnection()
    ) {
        self.id = id
        self.organization = organization
        self.name = name
        self.kind = kind
        self.baseURL = baseURL
        self.model = model
        self.apiKey = apiKey
        self.timeoutSeconds = timeoutSeconds
        self.budget = budget
        self.maximumPictures = maximumPictures
        self.connection = connection
    }
}

/// Which analyzers judge, and how their opinions become one verdict.
package struct Policy: Sendable, Hashable {
    package enum Mode: String, Sendable, CaseIterable {
        case single, consensus, cascade

        /// How many analyzers it takes.
        package var analyzerCount: Int { self == .single ? 1 : 2 }
    }
    package var id: Identifier<Policy>
    package var mode: Mode
    /// In order; see `Mode.analyzerCount`.
    package var analyzers: [Identifier<Analyzer>]

    package init(id: Identifier<Policy>, mode: Mode, analyzers: [Identifier<Analyzer>]) {
        self.id = id
        self.mode = mode
        self.analyzers = analyzers
    }
}
