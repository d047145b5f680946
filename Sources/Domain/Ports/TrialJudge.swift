/// Judging that leaves nothing behind but what was spent.
package protocol TrialJudge: Sendable {
    /// Judges an event as a worker would, within the analyzers' budgets, without storing the verdict. Throws `JudgeError`, or
    /// what the store says.
    func judge(
        _ event: Identifier<Event>, as choice: JudgingChoice, of organization: Identifier<Organization>
    ) async throws -> Verdict
    /// What each analyzer would be sent for the event; nothing is sent.
    func preview(
        _ event: Identifier<Event>, as choice: JudgingChoice, of organization: Identifier<Organization>
    ) async throws -> [AnalyzerPreview]
    /// Asks one analyzer about a picture that is made for it, within its budget. Throws `JudgeError`.
    func test(_ analyzer: Analyzer) async throws -> Judgement
}

/// What one analyzer would be sent.
package struct AnalyzerPreview: Sendable, Hashable {
    package var analyzer: String
    /// Nil for one that gets no prompt.
    package var prompt: PromptPreview?

    package init(analyzer: String, prompt: PromptPreview?) {
        self.analyzer = analyzer
        self.prompt = prompt
    }
}

/// A request to a model server, with its pictures described instead of held.
package struct PromptPreview: Sendable, Hashable {
    package var url: String
    /// JSON of the body. Where the request has a picture's bytes, this has words in angle brackets.
    package var body: [UInt8]
    package var promptHash: String
    /// At most, by our estimate.
    package var expectedPromptTokens: Int

    package init(url: String, body: [UInt8], promptHash: String, expectedPromptTokens: Int) {
        self.url = url
        self.body = body
        self.promptHash = promptHash
        self.expectedPromptTokens = expectedPromptTokens
    }
}
