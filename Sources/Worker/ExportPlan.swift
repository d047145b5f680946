import Domain

extension ExportMaker {
    /// Segments of an hour, of the shortest there are.
    static let mostSegments = 12_000

    enum Item: Sendable {
        case span(Camera, from: WallTime, to: WallTime)
        case event(EventDetail)
    }
    /// What will be in the export, before anything is written.
    struct Plan: Sendable {
        var items: [Item] = []
        /// About how many bytes it takes.
        var bytes: Int64 = 0
        var missing: [ExportManifest.Missing] = []

        mutating func add(_ event: EventDetail, withPictures: Bool) {
            items.append(.event(event))
            bytes += event.record.clip.sizeBytes
            if withPictures { bytes += event.record.evidence.reduce(0) { $0 + $1.sizeBytes } }
        }
    }

    func plan(_ export: Export) async throws -> Plan {
        var plan = Plan()
        switch export.content {
        case .events(let ids):
            for id in ids {
                do {
                    plan.add(try await events.event(id, of: export.organization), withPictures: export.format == .zip)
                } catch StoreError.notFound {
                    plan.missing.append(.init(what: "event \(id)", reason: "the event is not there any more"))
                }
            }
        case .span(let id, let from, let to):
            let camera: Camera
            do { camera = try await cameras.camera(id, of: export.organization) } catch StoreError.notFound(let what) {
                throw Impossible(reason: what)
            }
            try await add(recordingsOf: camera, from, to, export, to: &plan)
            if export.format == .zip { try await add(eventsOf: camera, from, to, export, to: &plan) }
        }
        return plan
    }

    private func add(
        recordingsOf camera: Camera, _ from: WallTime, _ to: WallTime, _ export: Export, to plan: inout Plan
    ) async throws {
        var begin = from
        while begin < to {
            let end = export.format == .mp4 ? to : min(to, begin.advanced(bySeconds: ExportRules.pieceSeconds))
            let segments = try await recordings.segments(
                RecordingQuery(camera: camera.id, from: begin, to: end, limit: Self.mostSegments),
                of: export.organization)
            if segments.isEmpty {
                plan.missing.append(
                    .init(
                        what: "camera \(camera.name) from \(begin.rfc3339) to \(end.rfc3339)",
                        reason: "nothing is recorded in this span"))
            } else {
                plan.items.append(.span(camera, from: begin, to: end))
                plan.bytes += segments.reduce(0) { $0 + $1.sizeBytes }
            }
            begin = end
        }
    }

    private func add(
        eventsOf camera: Camera, _ from: WallTime, _ to: WallTime, _ export: Export, to plan: inout Plan
    ) async throws {
        var query = EventQuery(limit: 200)
        query.camera = camera.id
        query.from = from
        query.to = to
        var count = 0
        while true {
            let page = try await events.events(query, of: export.organization)
            for event in page where event.record.state == .ready || event.record.state == .interrupted {
                count += 1
                guard count <= ExportRules.mostEventsOfSpan else {
                    throw Impossible(
                        reason: "the span has more than \(ExportRules.mostEventsOfSpan) events: ask for less time")
                }
                plan.add(event, withPictures: true)
            }
            guard page.count == query.limit, let last = page.last else { return }
            query.after = EventPosition(triggeredAt: last.record.triggeredAt, id: last.record.id)
        }
    }
}
