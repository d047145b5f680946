import Domain
import Hummingbird

/// Events, their media and their verdicts.
struct EventRoutes {
    let events: any EventStore
    let media: MediaResponder
    /// I5: takes an event away with its files.
    let deleteEvent: @Sendable (Identifier<Event>, Identifier<Organization>) async throws -> Void

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/events") { request, context in
            let query = try Self.query(request)
            let found = try await events.events(query, of: context.organization)
            let last = found.count == query.limit ? found.last?.record : nil
            return jsonResponse(
                PageDTO(
                    items: found.map(EventDTO.init),
                    nextCursor: last.map {
                        Cursor.encode(["\($0.triggeredAt.nanosecondsSinceEpoch)", $0.id.description])
                    }))
        }
        router.get("/v1/events/:id") { _, context in Self.response(try await event(context)) }
        router.patch("/v1/events/:id") { request, context in
            let id: Identifier<Event> = try context.identifier("id", "event")
            var fields = try await FieldReader(request)
            let reviewed = fields.flag("reviewed")
            let starred = fields.flag("starred")
            let note: String?? =
                fields.has("note") ? .some(fields.text("note", maximumLength: 4000, nullable: true)) : nil
            try fields.finish()
            try await events.annotate(
                id, of: context.organization, reviewed: reviewed, starred: starred, note: note,
                ifChangedAt: try await expected(request, context))
            return Self.response(try await events.event(id, of: context.organization))
        }
        router.delete("/v1/events/:id") { request, context in
            // Not read without need: one whose removal was interrupted is not there any more, and can be removed.
            _ = try await expected(request, context)
            try await deleteEvent(try context.identifier("id", "event"), context.organization)
            return Response(status: .noContent)
        }
        router.get("/v1/events/:id/verdicts") { _, context in
            let event = try await event(context)
            let verdicts = try await events.verdicts(of: event.record.id, in: context.organization)
            return jsonResponse(PageDTO(items: verdicts.map(VerdictDTO.init), nextCursor: nil))
        }
        router.get("/v1/events/:id/clip.mp4") { request, context in
            let event = try await event(context)
            let clip = event.record.clip
            return try await media.respond(
                to: request, context: context, path: clip.path, contentType: "video/mp4", tag: clip.sha256,
                modified: event.record.endedAt, downloadName: Self.fileName(event) + ".mp4")
        }
        router.get("/v1/events/:id/thumbnail.jpg") { request, context in
            let event = try await event(context)
            guard let path = event.record.thumbnailPath else {
                throw Problem(.notFound, "the event has no thumbnail")
            }
            return try await media.respond(
                to: request, context: context, path: path, contentType: "image/jpeg",
                tag: "\(event.record.id)-thumbnail", modified: event.record.endedAt,
                downloadName: Self.fileName(event) + ".jpg")
        }
        // Named apart from its ending because a path parameter must be a whole path component.
        router.get("/v1/events/:id/evidence/:file") { request, context in
            let event = try await event(context)
            let file = context.parameters.get("file") ?? ""
            guard file.hasSuffix(".jpg"), let number = Int(file.dropLast(4)),
                event.record.evidence.indices.contains(number - 1)
            else {
                throw Problem(
                    .notFound, "the event has \(event.record.evidence.count) evidence pictures, numbered from 1")
            }
            return try await media.respond(
                to: request, context: context, path: event.record.evidence[number - 1].path,
                contentType: "image/jpeg", tag: "\(event.record.id)-evidence-\(number)",
                modified: event.record.endedAt, downloadName: Self.fileName(event) + "-\(number).jpg")
        }
    }

    private static func response(_ event: EventDetail) -> Response {
        var response = jsonResponse(EventDTO(event))
        response.headers[.eTag] = EntityTag.of(revision(event))
        return response
    }

    private static func revision(_ event: EventDetail) -> Int64 { event.changedAt.nanosecondsSinceEpoch / 1000 }

    /// The present change where `If-Match` names it, so that the update can be sure of it; nil where any will do.
    private func expected(_ request: Request, _ context: VedetteContext) async throws -> WallTime? {
        guard request.headers[.ifMatch] != nil else { return nil }
        let event = try await event(context)
        return try EntityTag.check(request, isAt: Self.revision(event), "event").map { _ in event.changedAt }
    }

    private func event(_ context: VedetteContext) async throws -> EventDetail {
        try await events.event(try context.identifier("id", "event"), of: context.organization)
    }

    /// "gate 2026-05-01T10-00-05Z": helpful in a downloads folder.
    private static func fileName(_ event: EventDetail) -> String {
        let time = event.record.triggeredAt.rfc3339.prefix(19).replacing(":", with: "-")
        let name = event.cameraName.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
        return (name.isEmpty ? "camera" : name) + "-" + time + "Z"
    }

    static func query(_ request: Request) throws -> EventQuery {
        var reader = QueryReader(request)
        var query = EventQuery()
        query.camera = reader.parsed("camera_id", "a UUID") { Identifier($0) }
        query.site = reader.parsed("site_id", "a UUID") { Identifier($0) }
        query.from = reader.parsed("from", WallTime.rfc3339Rule) { WallTime(rfc3339: $0) }
        query.to = reader.parsed("to", WallTime.rfc3339Rule) { WallTime(rfc3339: $0) }
        query.kind = reader.choice("kind", Event.Kind.self)
        query.state = reader.choice("state", Event.State.self)
        query.verdictState = reader.choice("verdict_state", Verdict.State.self)
        query.label = reader.parsed("label", "text of at most 64 characters") { $0.count <= 64 ? $0.lowercased() : nil }
        query.minimumConfidence = reader.parsed("min_confidence", "a number from 0 to 1") {
            Double($0).flatMap { (0...1).contains($0) ? $0 : nil }
        }
        query.reviewed = reader.flag("reviewed")
        query.starred = reader.flag("starred")
        query.text = reader.parsed("q", "text of at most 200 characters") { $0.count <= 200 ? $0 : nil }
        query.limit =
            reader.parsed("limit", "a whole number from 1 to 200") {
                Int($0).flatMap { (1...200).contains($0) ? $0 : nil }
            } ?? 50
        query.after = reader.parsed("cursor", "a cursor that a list gave") { text in
            guard let parts = Cursor.decode(text), parts.count == 2, let nanoseconds = Int64(parts[0]),
                let id = Identifier<Event>(parts[1])
            else { return nil }
            return EventPosition(triggeredAt: WallTime(nanosecondsSinceEpoch: nanoseconds), id: id)
        }
        try reader.finish()
        return query
    }
}
