import Domain
import Hummingbird

/// Where in a camera's picture something moved, and when.
struct ActivityRoutes {
    let cameras: any CameraStore
    let activity: any ActivityStore
    let clock: any WallClock

    private static let longestSeconds = 31 * 86_400.0
    /// Minutes that are read at a time.
    private static let page = 1440

    private struct SpanDTO: Encodable, Sendable {
        var startsAt: String
        var endsAt: String
        var seconds: Int
        var cells: Int
    }

    private struct HeatDTO: Encodable, Sendable {
        var from: String
        var to: String
        var columns: Int
        var rows: Int
        var seconds: Int
        var cells: [Int]
    }

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/cameras/:id/activity") { request, context in
            try await spans(request, context)
        }
        router.get("/v1/cameras/:id/activity/heatmap") { request, context in
            var query = QueryReader(request)
            let (from, to) = try range(&query)
            let camera = try await camera(context)
            var heat = ActivityHeat(from: from, to: to)
            _ = try await read(camera, from: from, to: to) { minute in
                heat.add(minute)
                return true
            }
            return jsonResponse(
                HeatDTO(
                    from: from.rfc3339, to: to.rfc3339, columns: ActivityGrid.columns, rows: ActivityGrid.rows,
                    seconds: heat.seconds, cells: heat.cells))
        }
    }

    private func spans(_ request: Request, _ context: VedetteContext) async throws -> Response {
        var query = QueryReader(request)
        let limit =
            query.parsed("limit", "a whole number from 1 to 200") {
                Int($0).flatMap { (1...200).contains($0) ? $0 : nil }
            } ?? 50
        let region =
            query.parsed("region", "x,y,width,height of a box within the picture, as fractions of it", Self.box)
            .map { ActivityGrid(touching: $0) }
            ?? ActivityGrid(touching: Box(x: 0, y: 0, width: 1, height: 1))
        let least =
            query.parsed("min_cells", "a whole number from 1 to 576") {
                Int($0).flatMap { (1...576).contains($0) ? $0 : nil }
            } ?? 1
        let gap =
            query.parsed("gap_seconds", "a whole number from 0 to 3600") {
                Int($0).flatMap { (0...3600).contains($0) ? $0 : nil }
            } ?? 3
        let after = query.parsed("cursor", "a cursor that a list gave") { text -> WallTime? in
            guard let parts = Cursor.decode(text), parts.count == 1 else { return nil }
            return Int64(parts[0]).map { WallTime(nanosecondsSinceEpoch: $0) }
        }
        let (from, to) = try range(&query)
        let camera = try await camera(context)
        var search = ActivitySearch(
            region: region, leastCells: least, gapSeconds: gap, from: max(from, after ?? from), to: to)
        // One more than is shown tells whether there is another page.
        let isWhole = try await read(camera, from: max(from, after ?? from), to: to) { minute in
            search.add(minute)
            return search.spans.count <= limit
        }
        if isWhole { search.finish() }
        let page = search.spans.prefix(limit)
        let next = search.spans.count > limit ? page.last : nil
        return jsonResponse(
            PageDTO(
                items: page.map {
                    SpanDTO(
                        startsAt: $0.startsAt.rfc3339, endsAt: $0.endsAt.rfc3339, seconds: $0.seconds, cells: $0.cells)
                }, nextCursor: next.map { Cursor.encode(["\($0.endsAt.nanosecondsSinceEpoch)"]) }))
    }

    /// Hands over all minutes of a range in order, as long as they are wanted; true when it came to the end.
    private func read(
        _ camera: Camera, from: WallTime, to: WallTime, _ take: (ActivityMinute) -> Bool
    ) async throws -> Bool {
        var begin = from
        while begin < to {
            let minutes = try await activity.activity(
                of: camera.id, in: camera.organization, from: begin, to: to, limit: Self.page)
            for minute in minutes where !take(minute) { return false }
            guard minutes.count == Self.page, let last = minutes.last else { return true }
            begin = last.begins.advanced(bySeconds: 60)
        }
        return true
    }

    private func camera(_ context: VedetteContext) async throws -> Camera {
        try await cameras.camera(try context.identifier("id", "camera"), of: context.organization)
    }

    /// The last day where none is given. Reads the last of the query.
    private func range(_ query: inout QueryReader) throws -> (from: WallTime, to: WallTime) {
        let from = query.parsed("from", WallTime.rfc3339Rule) { WallTime(rfc3339: $0) }
        let to = query.parsed("to", WallTime.rfc3339Rule) { WallTime(rfc3339: $0) } ?? clock.now
        try query.finish()
        let begin = from ?? to.advanced(bySeconds: -86_400)
        guard to > begin, to.seconds(since: begin) <= Self.longestSeconds else {
            let message =
                to > begin ? "must be at most \(Int(Self.longestSeconds)) seconds after `from`" : "must be after `from`"
            throw Problem(
                .validation, "the query has parameters that are not valid",
                errors: [.init(field: "to", message: message)])
        }
        return (begin, to)
    }

    private static func box(_ text: String) -> Box? {
        let numbers = text.split(separator: ",", omittingEmptySubsequences: false).compactMap { Double($0) }
        guard numbers.count == 4, numbers.allSatisfy({ (0...1).contains($0) }), numbers[2] > 0, numbers[3] > 0,
            numbers[0] + numbers[2] <= 1.000001, numbers[1] + numbers[3] <= 1.000001,
            text.split(separator: ",", omittingEmptySubsequences: false).count == 4
        else { return nil }
        return Box(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
    }
}
