import Domain
import HTTPTypes
import Hummingbird

/// Who judges. Keys go in and never come out; what the settings file says is only read here.
struct AnalyzerRoutes {
    let judges: any JudgeStore
    let trial: any TrialJudge
    let statuses: @Sendable (Identifier<Organization>) async -> [AnalyzerStatus]
    let clock: any WallClock

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/analyzers") { _, context in
            let stored = try await judges.analyzers(of: context.organization)
            let statuses = await statuses(context.organization)
            // Those in use come first.
            let order = Dictionary(statuses.enumerated().map { ($0.element.id, $0.offset) }) { first, _ in first }
            let sorted = stored.enumerated().sorted {
                (order[$0.element.analyzer.id] ?? .max, $0.offset) < (order[$1.element.analyzer.id] ?? .max, $1.offset)
            }.map(\.element)
            return jsonResponse(
                PageDTO(
                    items: sorted.map { one in
                        AnalyzerDTO(one, statuses.first { $0.id == one.analyzer.id })
                    }, nextCursor: nil))
        }
        router.post("/v1/analyzers") { request, context in
            var fields = try await FieldReader(request)
            for name in ["name", "kind"] where !fields.has(name) { fields.complain(name, "is needed") }
            var analyzer = Analyzer(
                id: .make(at: clock.now), organization: context.organization, name: "",
                kind: fields.choice("kind", Analyzer.Kind.self) ?? .openai)
            Self.read(&fields, into: &analyzer)
            try fields.finish()
            try await judges.insert(analyzer)
            return try await shown(analyzer.id, context, status: .created)
        }
        router.get("/v1/analyzers/:id") { _, context in try await shown(try id(context), context) }
        router.patch("/v1/analyzers/:id") { request, context in
            var stored = try await judges.analyzer(try id(context), of: context.organization)
            try Self.check(request, revision: stored.revision, "the analyzer")
            if stored.isFromSettings { throw Self.readOnly("analyzer") }
            var fields = try await FieldReader(request)
            let before = stored.analyzer
            Self.read(&fields, into: &stored.analyzer)
            try fields.finish(readOnly: Self.readOnlyFields)
            if stored.analyzer != before { _ = try await judges.update(stored) }
            return try await shown(before.id, context)
        }
        router.delete("/v1/analyzers/:id") { _, context in
            let stored = try await judges.analyzer(try id(context), of: context.organization)
            if stored.isFromSettings { throw Self.readOnly("analyzer") }
            try await judges.deleteAnalyzer(stored.analyzer.id, of: context.organization)
            return Response(status: .noContent)
        }
        router.post("/v1/analyzers/:id/test") { _, context in
            let stored = try await judges.analyzer(try id(context), of: context.organization)
            do {
                return jsonResponse(TestDTO(try await trial.test(stored.analyzer)))
            } catch let error as JudgeError {
                return jsonResponse(TestDTO(failure: error.detail))
            }
        }
    }

    static func readOnly(_ what: String) -> Problem {
        Problem(.conflict, "the \(what) is of the settings file, which is written at each start; change it there")
    }

    static func check(_ request: Request, revision: Int64, _ what: String) throws {
        if let expected = request.headers[.ifMatch], expected != "*", expected != "\"\(revision)\"" {
            throw Problem(.preconditionFailed, "\(what) was changed meanwhile; read it again")
        }
    }

    private func id(_ context: VedetteContext) throws -> Identifier<Analyzer> {
        try context.identifier("id", "analyzer")
    }

    private func shown(
        _ id: Identifier<Analyzer>, _ context: VedetteContext, status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let stored = try await judges.analyzer(id, of: context.organization)
        let state = await statuses(context.organization).first { $0.id == id }
        var response = jsonResponse(AnalyzerDTO(stored, state), status: status)
        response.headers[.eTag] = "\"\(stored.revision)\""
        if status == .created { response.headers[.location] = "/v1/analyzers/\(id)" }
        return response
    }

    // MARK: Reading

    /// What was read may be sent back.
    private static let readOnlyFields: Set<String> = [
        "id", "kind", "detail", "lesser", "has_key", "read_only", "revision", "usage",
    ]

    /// Lays the body's fields over the analyzer.
    private static func read(_ fields: inout FieldReader, into analyzer: inout Analyzer) {
        if let name = fields.text("name", maximumLength: 100) {
            if name.isEmpty || name.contains("+") { fields.complain("name", "must have 1 to 100 characters, and no +") }
            analyzer.name = name
        }
        let oldURL = analyzer.baseURL
        let hadKey = analyzer.apiKey != nil
        if fields.has("base_url") {
            let given = fields.text("base_url", maximumLength: 2000, nullable: true)
            // What was read, with its password masked, may be sent back.
            if given == nil || given != oldURL.map({ CameraRules.masked(url: $0) }) { analyzer.baseURL = given }
        }
        if fields.has("model") { analyzer.model = fields.text("model", maximumLength: 200, nullable: true) }
        let givesKey = fields.has("api_key")
        if givesKey {
            let key = fields.text("api_key", maximumLength: 4000, nullable: true)
            if key?.contains(where: { $0.isNewline || $0 == "\0" }) == true {
                fields.complain("api_key", "must be one line")
            }
            analyzer.apiKey = key.flatMap { $0.isEmpty ? nil : $0 }
        }
        analyzer.timeoutSeconds = fields.number("timeout_seconds", in: 1...600) ?? analyzer.timeoutSeconds
        if fields.has("max_pictures") { analyzer.maximumPictures = fields.integer("max_pictures", in: 1...64) }
        if fields.isThere("budget") {
            analyzer.budget = fields.object("budget") { read(&$0, over: analyzer.budget) }
        }
        switch analyzer.kind {
        case .openai:
            let url = analyzer.baseURL ?? ""
            if !url.hasPrefix("http://"), !url.hasPrefix("https://") {
                fields.complain("base_url", "must begin with http:// or https://, and end before /chat/completions")
            }
        case .embedded:
            if analyzer.baseURL != nil || analyzer.model != nil || analyzer.apiKey != nil {
                fields.complain("kind", "an embedded analyzer has no base_url, model or api_key")
            }
        }
        // Else whoever may change the address could have the key sent to a server of their own.
        if hadKey, !givesKey, analyzer.baseURL.flatMap(origin) != oldURL.flatMap(origin) {
            fields.complain("api_key", "give the key again (or null): the stored one is not sent to another server")
        }
    }

    /// Scheme, host and port.
    private static func origin(_ url: String) -> String? {
        let parts = url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        return (parts[0] + "//" + parts[2].prefix { !"/?#".contains($0) }).lowercased()
    }

    private static func read(_ fields: inout FieldReader, over present: AnalyzerBudget) -> AnalyzerBudget {
        var budget = present
        if fields.has("max_concurrency") { budget.concurrency = fields.integer("max_concurrency", in: 1...1000) }
        if fields.has("requests_per_minute") {
            budget.requestsPerMinute = fields.integer("requests_per_minute", in: 1...1_000_000)
        }
        if fields.has("tokens_per_minute") {
            budget.tokensPerMinute = fields.integer("tokens_per_minute", in: 1...2_000_000_000)
        }
        if fields.has("money_per_day") {
            budget.moneyPerDay = fields.number("money_per_day", in: 0...1e9, nullable: true)
        }
        budget.promptPrice = fields.number("prompt_price", in: 0...1e6) ?? budget.promptPrice
        budget.completionPrice = fields.number("completion_price", in: 0...1e6) ?? budget.completionPrice
        return budget
    }
}
