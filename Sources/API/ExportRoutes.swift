import Domain
import Foundation
import HTTPTypes
import Hummingbird

/// Files of a span or of events, made in the background.
struct ExportRoutes {
    let exports: any ExportStore
    let cameras: any CameraStore
    let events: any EventStore
    let recordings: any RecordingStore
    let media: MediaResponder
    let removeFile: @Sendable (String) async -> Void
    let clock: any WallClock

    private struct Wish {
        var camera: Identifier<Camera>?
        var from: WallTime?
        var to: WallTime?
        var events: [Identifier<Event>]?
        var format: Export.Format
        var gaps: String
    }

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/exports") { request, context in
            var query = QueryReader(request)
            let state = query.choice("state", Export.State.self)
            let limit =
                query.parsed("limit", "a whole number from 1 to 200") {
                    Int($0).flatMap { (1...200).contains($0) ? $0 : nil }
                } ?? 50
            let after = query.parsed("cursor", "a cursor that a list gave") { text -> Identifier<Export>? in
                guard let parts = Cursor.decode(text), parts.count == 1 else { return nil }
                return Identifier(parts[0])
            }
            try query.finish()
            let found = try await exports.exports(
                of: context.organization, state: state, after: after, limit: limit + 1)
            let page = found.prefix(limit)
            return jsonResponse(
                PageDTO(
                    items: page.map { ExportDTO($0) },
                    nextCursor: found.count > limit ? page.last.map { Cursor.encode([$0.id.description]) } : nil))
        }
        router.post("/v1/exports") { request, context in
            let export = try await export(try await Self.wish(request), context)
            try await exports.insert(export)
            var response = jsonResponse(ExportDTO(export, withManifest: true), status: .created)
            response.headers[.location] = "/v1/exports/\(export.id)"
            return response
        }
        router.get("/v1/exports/:id") { _, context in
            jsonResponse(ExportDTO(try await found(context), withManifest: true))
        }
        router.delete("/v1/exports/:id") { _, context in
            if let file = try await exports.delete(
                try context.identifier("id", "export"), of: context.organization)
            {
                await removeFile(file)
            }
            return Response(status: .noContent)
        }
        router.get("/v1/exports/:id/download") { request, context in
            let export = try await found(context)
            guard let result = export.result, export.state == .ready,
                export.expiresAt.map({ $0 > clock.now }) ?? false
            else { throw Problem(.notFound, "the export has no file: it is \(export.state.rawValue)") }
            return try await media.respond(
                to: request, context: context, path: result.file,
                contentType: export.format == .zip ? "application/zip" : "video/mp4", tag: result.sha256,
                modified: export.finishedAt ?? export.createdAt, downloadName: ExportDTO.fileName(export),
                isAttachment: true)
        }
    }

    private func found(_ context: VedetteContext) async throws -> Export {
        try await exports.export(try context.identifier("id", "export"), of: context.organization)
    }

    // MARK: Asking

    private static func wish(_ request: Request) async throws -> Wish {
        var fields = try await FieldReader(request)
        let texts = fields.texts("event_ids", maximumCount: ExportRules.mostEvents, maximumLength: 36)
        let events = texts.map { $0.compactMap { Identifier<Event>($0) } }
        if let texts, let events, events.count < texts.count || Set(events).count < events.count || events.isEmpty {
            fields.complain("event_ids", "must be 1 to \(ExportRules.mostEvents) different UUIDs")
        }
        var wish = Wish(
            camera: fields.parsed("camera_id", "a UUID") { Identifier($0) },
            from: fields.parsed("from", WallTime.rfc3339Rule) { WallTime(rfc3339: $0) },
            to: fields.parsed("to", WallTime.rfc3339Rule) { WallTime(rfc3339: $0) }, events: events,
            format: fields.choice("format", Export.Format.self) ?? .zip, gaps: "join")
        wish.gaps = fields.parsed("gaps", "join or keep") { ["join", "keep"].contains($0) ? $0 : nil } ?? "join"
        check(wish, &fields)
        try fields.finish()
        return wish
    }

    private static func check(_ wish: Wish, _ fields: inout FieldReader) {
        guard fields.errors.isEmpty else { return }
        if let events = wish.events {
            for (name, isGiven) in [
                ("camera_id", wish.camera != nil), ("from", wish.from != nil), ("to", wish.to != nil),
            ]
            where isGiven {
                fields.complain(name, "cannot be given together with `event_ids`")
            }
            if wish.format == .mp4, events.count > 1 {
                fields.complain("format", "must be zip for more than one event")
            }
            return
        }
        for (name, isMissing) in [
            ("camera_id", wish.camera == nil), ("from", wish.from == nil), ("to", wish.to == nil),
        ] where isMissing {
            fields.complain(name, "is needed, or `event_ids`")
        }
        guard let from = wish.from, let to = wish.to else { return }
        let longest = wish.format == .mp4 ? RecordingPlan.longestSeconds : ExportRules.longestSeconds
        if to <= from {
            fields.complain("to", "must be after `from`")
        } else if to.seconds(since: from) > longest {
            fields.complain("to", "must be at most \(Int(longest)) seconds after `from`")
        }
    }

    /// What is wished, if it is there.
    private func export(_ wish: Wish, _ context: VedetteContext) async throws -> Export {
        let now = clock.now
        var shown: Set<Identifier<Camera>> = []
        let content: Export.Content
        if let ids = wish.events {
            for id in ids {
                do {
                    shown.insert(try await events.event(id, of: context.organization).record.camera)
                } catch StoreError.notFound(let what) {
                    throw Problem(
                        .validation, "an event is not there", errors: [.init(field: "event_ids", message: what)])
                }
            }
            content = .events(ids)
        } else if let id = wish.camera, let from = wish.from, let to = wish.to {
            let camera: Camera
            do { camera = try await cameras.camera(id, of: context.organization) } catch StoreError.notFound(let what) {
                throw Problem(
                    .validation, "the camera is not there", errors: [.init(field: "camera_id", message: what)])
            }
            try await check(camera, from, to, wish.format, context)
            shown = [id]
            content = .span(camera: id, from: from, to: to)
        } else {
            throw Problem(.validation, "a camera with `from` and `to`, or `event_ids`, is needed")
        }
        return Export(
            id: .make(at: now), organization: context.organization, content: content, format: wish.format,
            keepsGaps: wish.gaps == "keep", cameras: shown.sorted(), author: try context.signedIn.name,
            job: .make(at: now), createdAt: now)
    }

    /// Refuses at once what cannot be made.
    private func check(
        _ camera: Camera, _ from: WallTime, _ to: WallTime, _ format: Export.Format, _ context: VedetteContext
    ) async throws {
        let segments = try await recordings.segments(
            RecordingQuery(
                camera: camera.id, from: from, to: to, limit: format == .mp4 ? RecordingRoutes.mostSegments : 1),
            of: context.organization)
        if format == .mp4 {
            do { _ = try RecordingPlan(segments, from: from, to: to, keepsGaps: false) } catch {
                throw RecordingRoutes.problem(error, camera)
            }
        } else if segments.isEmpty {
            var query = EventQuery(limit: 1)
            query.camera = camera.id
            query.from = from
            query.to = to
            guard try await !events.events(query, of: context.organization).isEmpty else {
                throw RecordingRoutes.problem(.empty, camera)
            }
        }
    }
}
