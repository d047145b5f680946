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
        router.get("/v1/analyzers") { request, context in
            let stored = try await judges.analyzers(of: context.organization)
            let statuses = await statuses(context.organization)
            // Those in use come first.
            let order = Dictionary(statuses.enumerated().map { ($0.element.id, $0.offset) }) { first, _ in first }
            func place(_ one: StoredAnalyzer) -> String {
                let number = "\(order[one.analyzer.id] ?? 999_999)"
                return String(repeating: "0", count: max(0, 6 - number.count)) + number + one.analyzer.name
            }
            return jsonResponse(
                try NamedPage.page(stored, request, name: place, id: \.analyzer.id.description) { one in
                    AnalyzerDTO(one, statuses.first { $0.id == one.analyzer.id })
                })
        }
        router.post("/v1/analyzers") { request, context in
            var fields = try await FieldReader(request)
            for name in ["name", "kind"] where !fields.has(name) { fields.complain(name, "is needed") }
            var analyzer = Analyzer(
                id: .make(at: clock.now), organization: context.organization, name: "",
                kind: fields.choice("kind", Analyzer.Kind.self) ?? .openai)
            AnalyzerReader.read(&fields, into: &analyzer)
            try fields.finish()
            try await judges.insert(analyzer)
            return try await shown(analyzer.id, context, status: .created)
        }
        router.get("/v1/analyzers/:id") { _, context in try await shown(try id(context), context) }
        router.patch("/v1/analyzers/:id") { request, context in
            var stored = try await judges.analyzer(try id(context), of: context.organization)
            try EntityTag.check(request, isAt: stored.revision, "analyzer")
            if stored.isFromSettings { throw Self.readOnly("analyzer") }
            var fields = try await FieldReader(request)
            let before = stored.analyzer
            AnalyzerReader.read(&fields, into: &stored.analyzer)
            try fields.finish(readOnly: AnalyzerReader.readOnlyFields)
            if stored.analyzer != before { _ = try await judges.update(stored) }
            return try await shown(before.id, context)
        }
        router.delete("/v1/analyzers/:id") { request, context in
            let stored = try await judges.analyzer(try id(context), of: context.organization)
            let revision = try EntityTag.check(request, isAt: stored.revision, "analyzer")
            if stored.isFromSettings { throw Self.readOnly("analyzer") }
            try await judges.deleteAnalyzer(stored.analyzer.id, of: context.organization, ifRevision: revision)
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

    private func id(_ context: VedetteContext) throws -> Identifier<Analyzer> {
        try context.identifier("id", "analyzer")
    }

    private func shown(
        _ id: Identifier<Analyzer>, _ context: VedetteContext, status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let stored = try await judges.analyzer(id, of: context.organization)
        let state = await statuses(context.organization).first { $0.id == id }
        var response = jsonResponse(AnalyzerDTO(stored, state), status: status)
        response.headers[.eTag] = EntityTag.of(stored.revision)
        if status == .created { response.headers[.location] = "/v1/analyzers/\(id)" }
        return response
    }
}
