import Domain
import Hummingbird

/// What people say events really were.
struct FeedbackRoutes {
    let feedback: any FeedbackStore
    let events: any EventStore
    let clock: any WallClock

    private static let mostShown = 200

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/events/:id/feedback") { _, context in
            let id: Identifier<Event> = try context.identifier("id", "event")
            let said = try await feedback.history(of: id, in: context.organization, limit: Self.mostShown)
            return jsonResponse(PageDTO(items: said.map(FeedbackDTO.init), nextCursor: nil))
        }
        router.post("/v1/events/:id/feedback") { request, context in
            let id: Identifier<Event> = try context.identifier("id", "event")
            let event = try await events.event(id, of: context.organization)
            let given = try await read(request, event, .init(try context.signedIn))
            try await feedback.give(given, of: context.organization)
            return jsonResponse(EventDTO(try await events.event(id, of: context.organization)))
        }
        router.delete("/v1/events/:id/feedback") { _, context in
            let id: Identifier<Event> = try context.identifier("id", "event")
            try await feedback.withdraw(.init(try context.signedIn), from: id, of: context.organization)
            return Response(status: .noContent)
        }
    }

    /// `right` takes state and labels from the event's verdict.
    private func read(_ request: Request, _ event: EventDetail, _ author: Feedback.Author) async throws -> Feedback {
        var fields = try await FieldReader(request)
        let isRight = fields.flag("right") ?? false
        var state = fields.choice("state", Verdict.State.self)
        var labels = fields.texts("labels", maximumCount: 32, maximumLength: 64)
        let note = fields.text("note", maximumLength: 4000, nullable: true)
        if isRight {
            if state != nil || labels != nil {
                fields.complain("right", "says that the verdict is right; leave out state and labels")
            }
            if event.verdict == nil {
                fields.complain("right", "there is no verdict that could be right; give the state")
            }
            state = event.verdict?.judgement.state
            labels = event.verdict?.judgement.labels
        } else if state == nil {
            fields.complain("state", "is needed where right is not true")
        }
        try fields.finish()
        var seen: Set<String> = []
        let cleaned = (labels ?? []).map { label in
            label.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }.filter { !$0.isEmpty && seen.insert($0).inserted }
        return Feedback(
            id: .make(at: clock.now), event: event.record.id, verdict: event.verdict?.id, author: author, state: state,
            labels: cleaned, note: note, createdAt: clock.now)
    }
}

/// Feedback as clients see it; its state is null where its author took back what was said before.
struct FeedbackDTO: JSONWritable {
    private let feedback: Feedback

    init(_ feedback: Feedback) { self.feedback = feedback }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", feedback.id)
            json.nullable("state", feedback.state?.rawValue)
            json.member("labels", feedback.labels)
            json.nullable("note", feedback.note)
            json.member("author", feedback.author.name)
            json.nullable("verdict_id", feedback.verdict)
            json.member("created_at", feedback.createdAt)
        }
    }
}
