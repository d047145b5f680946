import Domain
import Hummingbird

/// Asking again: past events judged anew in a batch, looked at, and then made current or not.
struct ReanalysisRoutes {
    let reanalyses: any ReanalysisStore
    let events: any EventStore

    func add(to router: some RouterMethods<VedetteContext>) {
        router.post("/v1/reanalyses") { request, context in
            let (asked, isDry) = try await Self.read(request)
            if isDry {
                return jsonResponse(EstimateDTO(try await reanalyses.estimate(asked, of: context.organization)))
            }
            let (made, isNew) = try await reanalyses.begin(asked, of: context.organization)
            return jsonResponse(ReanalysisDTO(made), status: isNew ? .created : .ok)
        }
        router.get("/v1/reanalyses") { request, context in
            var reader = QueryReader(request)
            let limit = Self.limit(&reader)
            let before: Identifier<Reanalysis>? = reader.parsed("cursor", "a cursor that a list gave") { text in
                Cursor.decode(text)?.first.flatMap { Identifier($0) }
            }
            try reader.finish()
            let found = try await reanalyses.reanalyses(of: context.organization, limit: limit, before: before)
            return jsonResponse(
                PageDTO(
                    items: found.map(ReanalysisDTO.init),
                    nextCursor: found.count == limit ? found.last.map { Cursor.encode([$0.id.description]) } : nil))
        }
        router.get("/v1/reanalyses/:id") { _, context in
            jsonResponse(ReanalysisDTO(try await reanalyses.reanalysis(try id(context), of: context.organization)))
        }
        router.post("/v1/reanalyses/:id/pause") { _, context in
            try await reanalyses.pause(try id(context), of: context.organization, reason: "by hand")
            return try await shown(context)
        }
        router.post("/v1/reanalyses/:id/resume") { _, context in
            try await reanalyses.resume(try id(context), of: context.organization)
            return try await shown(context)
        }
        router.post("/v1/reanalyses/:id/cancel") { _, context in
            try await reanalyses.cancel(try id(context), of: context.organization)
            return try await shown(context)
        }
        router.post("/v1/reanalyses/:id/promote") { _, context in
            try await reanalyses.promote(try id(context), of: context.organization)
            return try await shown(context)
        }
        router.post("/v1/reanalyses/:id/discard") { _, context in
            try await reanalyses.discard(try id(context), of: context.organization)
            return try await shown(context)
        }
        router.get("/v1/reanalyses/:id/diff") { _, context in
            let changes = try await reanalyses.changes(of: try id(context), in: context.organization)
            return jsonResponse(PageDTO(items: changes.map(ChangeDTO.init), nextCursor: nil))
        }
        router.get("/v1/reanalyses/:id/diff/events") { request, context in
            var reader = QueryReader(request)
            let old = reader.parsed("old", Self.states) { Self.state($0) }
            let new = reader.parsed("new", Self.states) { Self.state($0) }
            let limit = Self.limit(&reader)
            let after: Identifier<Event>? = reader.parsed("cursor", "a cursor that a list gave") { text in
                Cursor.decode(text)?.first.flatMap { Identifier($0) }
            }
            try reader.finish()
            let found = try await reanalyses.events(
                of: try id(context), in: context.organization, from: old ?? nil, to: new ?? nil, limit: limit,
                after: after)
            var items: [EventDTO] = []
            for event in found { items.append(EventDTO(try await events.event(event, of: context.organization))) }
            return jsonResponse(
                PageDTO(
                    items: items,
                    nextCursor: found.count == limit ? found.last.map { Cursor.encode([$0.description]) } : nil))
        }
    }

    private func id(_ context: VedetteContext) throws -> Identifier<Reanalysis> {
        try context.identifier("id", "re-analysis")
    }

    private func shown(_ context: VedetteContext) async throws -> Response {
        jsonResponse(ReanalysisDTO(try await reanalyses.reanalysis(try id(context), of: context.organization)))
    }

    // MARK: Reading

    private static let states = "one of none, normal, abnormal, uncertain"

    /// The inner nil is "no verdict".
    private static func state(_ text: String) -> Verdict.State?? {
        text == "none" ? .some(nil) : Verdict.State(rawValue: text).map { .some($0) }
    }

    private static func limit(_ reader: inout QueryReader) -> Int {
        reader.parsed("limit", "a whole number from 1 to 200") {
            Int($0).flatMap { (1...200).contains($0) ? $0 : nil }
        } ?? 50
    }

    private static func read(_ request: Request) async throws -> (ReanalysisRequest, isDry: Bool) {
        var fields = try await FieldReader(request)
        let time = WallTime.rfc3339Rule
        let filter = fields.object("filter") { fields in
            var query = EventQuery()
            query.camera = fields.parsed("camera_id", "a UUID") { Identifier($0) }
            query.site = fields.parsed("site_id", "a UUID") { Identifier($0) }
            query.from = fields.parsed("from", time) { WallTime(rfc3339: $0) }
            query.to = fields.parsed("to", time) { WallTime(rfc3339: $0) }
            query.kind = fields.choice("kind", Event.Kind.self)
            query.state = fields.choice("state", Event.State.self)
            query.verdictState = fields.choice("verdict_state", Verdict.State.self)
            query.label = fields.text("label", maximumLength: 64)?.lowercased()
            query.minimumConfidence = fields.number("min_confidence", in: 0...1)
            query.reviewed = fields.flag("reviewed")
            query.starred = fields.flag("starred")
            query.text = fields.text("q", maximumLength: 200)
            return query
        }
        let limits = fields.object("budget") { fields in
            ReanalysisLimits(
                events: fields.integer("events", in: 1...10_000_000),
                tokens: fields.integer("tokens", in: 1...1_000_000_000_000),
                money: fields.number("money", in: 0...1e9),
                until: fields.parsed("until", time) { WallTime(rfc3339: $0) })
        }
        let frames = fields.object("frames") { fields -> FramePolicy in
            guard let word = fields.text("source", maximumLength: 20) else { return .evidence }
            let count = fields.integer("count", in: FramePolicy.counts)
            if word == "evidence" {
                if count != nil { fields.complain("count", "is for clip and recording; stored evidence is as it is") }
                return .evidence
            }
            guard let source = FramePolicy.Source(rawValue: word) else {
                fields.complain("source", "must be one of evidence, clip, recording")
                return .evidence
            }
            return .sampled(source, count: count ?? 4)
        }
        let asked = ReanalysisRequest(
            filter: filter, definitionVersion: fields.integer("definition_version", in: 1...1_000_000),
            policy: fields.choice("policy", Policy.Mode.self),
            analyzers: fields.texts("analyzers", maximumCount: 2, maximumLength: 200), limits: limits, frames: frames)
        let isDry = fields.flag("dry_run") ?? false
        try fields.finish()
        return (asked, isDry)
    }

    // MARK: Shapes

    struct ReanalysisDTO: Encodable, Sendable {
        struct Budget: Encodable, Sendable {
            @Nullable var tokens: Int?
            @Nullable var money: Double?
            @Nullable var until: String?
        }
        struct Frames: Encodable, Sendable {
            var source: String
            @Nullable var count: Int?
        }
        struct Progress: Encodable, Sendable {
            var events: Int
            var done: Int
            var failed: Int
            var eventsPerSecond: Double
            @Nullable var secondsLeft: Double?
            var tokens: Int
            var money: Double
        }
        var id: String
        var state: String
        @Nullable var reason: String?
        var definitionVersion: Int
        var policy: String
        var analyzers: [String]
        var frames: Frames
        var budget: Budget
        var progress: Progress
        var createdAt: String
        @Nullable var finishedAt: String?

        init(_ reanalysis: Reanalysis) {
            let progress = reanalysis.progress
            id = reanalysis.id.description
            state = reanalysis.state.rawValue
            reason = reanalysis.reason
            definitionVersion = reanalysis.definitionVersion
            policy = reanalysis.policy.rawValue
            analyzers = reanalysis.analyzers
            frames =
                switch reanalysis.frames {
                case .evidence: Frames(source: "evidence", count: nil)
                case .sampled(let source, let count): Frames(source: source.rawValue, count: count)
                }
            budget = Budget(
                tokens: reanalysis.limits.tokens, money: reanalysis.limits.money,
                until: reanalysis.limits.until?.rfc3339)
            self.progress = Progress(
                events: progress.events, done: progress.done, failed: progress.failed,
                eventsPerSecond: progress.eventsPerSecond, secondsLeft: progress.secondsLeft, tokens: progress.tokens,
                money: progress.money)
            createdAt = reanalysis.createdAt.rfc3339
            finishedAt = reanalysis.finishedAt?.rfc3339
        }
    }

    struct EstimateDTO: Encodable, Sendable {
        var dryRun = true
        var events: Int
        @Nullable var secondsOfWork: Double?
        @Nullable var tokens: Double?
        @Nullable var money: Double?

        init(_ estimate: ReanalysisEstimate) {
            events = estimate.events
            secondsOfWork = estimate.seconds
            tokens = estimate.tokens
            money = estimate.money
        }
    }

    struct ChangeDTO: Encodable, Sendable {
        @Nullable var old: String?
        @Nullable var new: String?
        var events: Int

        init(_ change: ReanalysisChange) {
            old = change.old?.rawValue
            new = change.new?.rawValue
            events = change.events
        }
    }
}
