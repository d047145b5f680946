import Domain
import Hummingbird

/// Trying a definition on past events before it is saved, and seeing what a model would get.
struct TrialRoutes {
    let trial: any TrialJudge
    let events: any EventStore
    let reader: DefinitionReader

    private static let mostEvents = 20
    /// Together; below the time after which a connection without an answer is cut.
    private static let longestSeconds = 45.0
    static var secondsInWords: String { "\(Int(longestSeconds))" }
    private static let atOnce = 2

    enum Outcome: Sendable {
        case verdict(Verdict)
        case error(String)
    }

    func add(to router: some RouterMethods<VedetteContext>) {
        router.post("/v1/definitions/test") { request, context in
            var fields = try await FieldReader(request)
            let asked = try Self.read(&fields)
            let ids = fields.texts("event_ids", maximumCount: Self.mostEvents, maximumLength: 36) ?? []
            let chosen = ids.compactMap { Identifier<Event>($0) }
            if chosen.isEmpty || chosen.count < ids.count {
                fields.complain("event_ids", "must be a list of 1 to \(Self.mostEvents) ids of events")
            }
            try fields.finish()
            let choice = try await choice(asked, context.organization)
            var items: [ItemDTO] = []
            var present: [EventDetail] = []
            // Not one is judged where one is not there.
            for id in chosen { present.append(try await events.event(id, of: context.organization)) }
            let answers = await judge(chosen, choice, context.organization)
            for (index, event) in present.enumerated() { items.append(ItemDTO(event, answers[index])) }
            var tokens = 0
            var cost = 0.0
            for verdict in items.compactMap(\.verdict) {
                tokens += verdict.promptTokens ?? 0
                tokens += verdict.completionTokens ?? 0
                cost += verdict.cost
            }
            return jsonResponse(TrialDTO(items: items, tokens: tokens, cost: cost))
        }
        router.post("/v1/definitions/preview") { request, context in
            var fields = try await FieldReader(request)
            let asked = try Self.read(&fields)
            let event: Identifier<Event>? = fields.parsed("event_id", "a UUID") { Identifier($0) }
            if event == nil { fields.complain("event_id", "is needed") }
            try fields.finish()
            guard let event else { throw Problem(.validation, "event_id is needed") }
            let previews: [AnalyzerPreview]
            do {
                previews = try await trial.preview(
                    event, as: try await choice(asked, context.organization), of: context.organization)
            } catch let error as JudgeError {
                throw Problem(.conflict, error.detail)
            } catch StoreError.conflict(let what) {
                throw Problem(.validation, what)
            }
            return try Self.response(previews)
        }
    }

    // MARK: Reading

    private struct Asked {
        var choice: JudgingChoice
        var draft: DefinitionReader.Given?
    }

    private static func read(_ fields: inout FieldReader) throws -> Asked {
        let choice = JobRoutes.choice(&fields)
        let isDraft = fields.isThere("draft")
        let draft = fields.object("draft") { DefinitionReader.read(&$0) }
        return Asked(choice: choice, draft: isDraft ? draft : nil)
    }

    private func choice(_ asked: Asked, _ organization: Identifier<Organization>) async throws -> JudgingChoice {
        var choice = asked.choice
        if let draft = asked.draft { choice.draft = try await reader.parts(draft, organization) }
        return choice
    }

    // MARK: Judging

    /// By index; what has no answer when the time is over is left out.
    private func judge(
        _ events: [Identifier<Event>], _ choice: JudgingChoice, _ organization: Identifier<Organization>
    ) async -> [Int: Outcome] {
        await withTaskGroup(of: (Int, Outcome)?.self) { group in
            group.addTask {
                try? await Task.sleep(for: .seconds(Self.longestSeconds))
                return nil
            }
            var answers: [Int: Outcome] = [:]
            var next = 0
            while next < min(Self.atOnce, events.count) {
                group.addTask { [next] in (next, await one(events[next], choice, organization)) }
                next += 1
            }
            for await answer in group {
                // The time is over.
                guard let answer else { break }
                answers[answer.0] = answer.1
                if answers.count == events.count { break }
                if next < events.count {
                    group.addTask { [next] in (next, await one(events[next], choice, organization)) }
                    next += 1
                }
            }
            group.cancelAll()
            return answers
        }
    }

    private func one(
        _ event: Identifier<Event>, _ choice: JudgingChoice, _ organization: Identifier<Organization>
    ) async -> Outcome {
        do {
            return .verdict(try await trial.judge(event, as: choice, of: organization))
        } catch let error as JudgeError {
            return .error(error.detail)
        } catch StoreError.notFound(let what) {
            return .error(what)
        } catch StoreError.conflict(let what) {
            return .error(what)
        } catch {
            return .error("the event could not be read; try again")
        }
    }

    // MARK: Shapes

    /// A verdict that is not stored.
    struct TrialVerdictDTO: Encodable, Sendable {
        var state: String
        var confidence: Double
        var labels: [String]
        var summary: String
        var reason: String
        /// 0 for a draft.
        var definitionVersion: Int
        var analyzer: String
        var model: String
        var latencySeconds: Double
        @Nullable var promptTokens: Int?
        @Nullable var completionTokens: Int?
        @Nullable var promptHash: String?
        var cost: Double
        var policy: String
        var opinions: [OpinionDTO]

        init(_ verdict: Verdict) {
            let judgement = verdict.judgement
            state = judgement.state.rawValue
            confidence = rounded(judgement.confidence, 4)
            labels = judgement.labels
            summary = judgement.summary
            reason = judgement.reason
            definitionVersion = verdict.definitionVersion
            analyzer = verdict.analyzer
            model = judgement.model
            latencySeconds = rounded(judgement.latencySeconds, 3)
            promptTokens = judgement.promptTokens
            completionTokens = judgement.completionTokens
            promptHash = judgement.promptHash
            cost = verdict.cost
            policy = verdict.policy.rawValue
            opinions = verdict.opinions.map(OpinionDTO.init)
        }
    }

    struct ItemDTO: Encodable, Sendable {
        var eventId: String
        /// Of the verdict that counts now.
        @Nullable var currentState: String?
        @Nullable var verdict: TrialVerdictDTO?
        /// Why there is none.
        @Nullable var error: String?

        init(_ event: EventDetail, _ outcome: Outcome?) {
            eventId = event.record.id.description
            currentState = event.verdict?.judgement.state.rawValue
            switch outcome {
            case .verdict(let verdict)?: self.verdict = TrialVerdictDTO(verdict)
            case .error(let what)?: error = what
            case nil: error = "there was no time: all events together have \(TrialRoutes.secondsInWords) seconds"
            }
        }
    }

    struct TrialDTO: Encodable, Sendable {
        var items: [ItemDTO]
        var tokens: Int
        var cost: Double
    }

    private struct PreviewDTO: Encodable, Sendable {
        var analyzer: String
        @Nullable var url: String?
        @Nullable var promptHash: String?
        @Nullable var expectedPromptTokens: Int?
    }

    /// The requests are put in as they are, byte by byte but for the pictures.
    private static func response(_ previews: [AnalyzerPreview]) throws -> Response {
        var bytes = Array("{\"items\":[".utf8)
        for (index, preview) in previews.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            let head = try jsonBytes(
                PreviewDTO(
                    analyzer: preview.analyzer, url: preview.prompt?.url, promptHash: preview.prompt?.promptHash,
                    expectedPromptTokens: preview.prompt?.expectedPromptTokens))
            bytes += head.dropLast()
            bytes += Array(",\"request\":".utf8) + (preview.prompt?.body ?? Array("null".utf8))
            bytes.append(UInt8(ascii: "}"))
        }
        bytes += Array("],\"next_cursor\":null}".utf8)
        return Response(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
