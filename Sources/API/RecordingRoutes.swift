import Crypto
import Domain
import Foundation
import HTTPTypes
import Hummingbird

/// Continuous recordings of a camera: what there is, and any span as one MP4.
struct RecordingRoutes {
    let cameras: any CameraStore
    let recordings: any RecordingStore
    let reader: any RecordingReader
    /// What is being put together at once holds its tables in memory.
    let seats: LiveSeats
    let clock: any WallClock

    /// Longest range of one listing.
    static let longestListingSeconds = 31 * 86_400.0
    /// A span of the greatest length, of the shortest segments.
    static let mostSegments = 12_000
    private static let pieceBytes = 256 << 10
    /// Most gaps that a header names.
    private static let mostGaps = 32

    private struct SpanDTO: Encodable, Sendable {
        var startsAt: String
        var endsAt: String
        var durationSeconds: Double
        var gapBeforeSeconds: Double
        var sizeBytes: Int64
        var segments: Int
        var codec: String
        var width: Int
        var height: Int
        var hasAudio: Bool
        @Nullable var hasMotion: Bool?
        var url: String

        init(_ span: RecordedSpan, of camera: Camera) {
            (startsAt, endsAt) = (span.startsAt.rfc3339, span.endsAt.rfc3339)
            durationSeconds = rounded(span.endsAt.seconds(since: span.startsAt), 3)
            gapBeforeSeconds = rounded(span.gapBeforeSeconds, 3)
            sizeBytes = span.sizeBytes
            segments = span.segments
            codec = span.codec.rawValue
            (width, height) = (span.widthPixels, span.heightPixels)
            hasAudio = span.hasAudio
            hasMotion = span.hasMotion
            let end = min(span.endsAt, span.startsAt.advanced(bySeconds: RecordingPlan.longestSeconds))
            url = "/v1/cameras/\(camera.id)/recording.mp4?from=\(span.startsAt.rfc3339)&to=\(end.rfc3339)"
        }
    }

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/cameras/:id/recordings") { request, context in
            let (query, limit) = try listing(request, context)
            let camera = try await cameras.camera(query.camera, of: context.organization)
            // One more than is shown tells whether there is another page.
            let found = try await recordings.spans(query, of: context.organization)
            let page = found.prefix(limit)
            let next = found.count > limit ? page.last : nil
            return jsonResponse(
                PageDTO(
                    items: page.map { SpanDTO($0, of: camera) },
                    nextCursor: next.map { Cursor.encode(["\($0.endsAt.nanosecondsSinceEpoch)"]) }))
        }
        router.get("/v1/cameras/:id/recording.mp4") { request, context in
            try await recording(request, context)
        }
    }

    private func listing(_ request: Request, _ context: VedetteContext) throws -> (RecordingQuery, limit: Int) {
        var query = QueryReader(request)
        let from = query.parsed("from", WallTime.rfc3339Rule) { WallTime(rfc3339: $0) }
        let to = query.parsed("to", WallTime.rfc3339Rule) { WallTime(rfc3339: $0) } ?? clock.now
        let limit =
            query.parsed("limit", "a whole number from 1 to 200") {
                Int($0).flatMap { (1...200).contains($0) ? $0 : nil }
            } ?? 50
        let after = query.parsed("cursor", "a cursor that a list gave") { text -> WallTime? in
            guard let parts = Cursor.decode(text), parts.count == 1 else { return nil }
            return Int64(parts[0]).map { WallTime(nanosecondsSinceEpoch: $0) }
        }
        try query.finish()
        let begin = from ?? to.advanced(bySeconds: -86_400)
        try Self.check(begin, to, longestSeconds: Self.longestListingSeconds)
        let wanted = RecordingQuery(
            camera: try context.identifier("id", "camera"), from: begin, to: to, after: after, limit: limit + 1)
        return (wanted, limit)
    }

    private static func check(_ from: WallTime, _ to: WallTime, longestSeconds: Double) throws {
        var errors: [Problem.FieldError] = []
        if to <= from {
            errors.append(.init(field: "to", message: "must be after `from`"))
        } else if to.seconds(since: from) > longestSeconds {
            errors.append(
                .init(field: "to", message: "must be at most \(Int(longestSeconds)) seconds after `from`"))
        }
        guard errors.isEmpty else {
            throw Problem(.validation, "the query has parameters that are not valid", errors: errors)
        }
    }

    // MARK: One file

    private func recording(_ request: Request, _ context: VedetteContext) async throws -> Response {
        var query = QueryReader(request)
        let from = query.parsed("from", WallTime.rfc3339Rule) { WallTime(rfc3339: $0) }
        let to = query.parsed("to", WallTime.rfc3339Rule) { WallTime(rfc3339: $0) }
        let gaps = query.parsed("gaps", "join or keep") { ["join", "keep"].contains($0) ? $0 : nil } ?? "join"
        let download = query.parsed("download", "0 or 1") { $0 == "1" ? true : $0 == "0" ? false : nil } ?? false
        try query.finish()
        let camera = try await cameras.camera(
            try context.identifier("id", "camera"), of: context.organization)
        guard let from, let to else {
            throw Problem(
                .validation, "a span of time is needed",
                errors: [("from", from), ("to", to)].filter { $0.1 == nil }.map {
                    .init(field: $0.0, message: "is needed, as RFC 3339 has it")
                })
        }
        try Self.check(from, to, longestSeconds: RecordingPlan.longestSeconds)
        let seat = try seats.take(for: try context.signedIn.actor)
        let segments = try await recordings.segments(
            RecordingQuery(camera: camera.id, from: from, to: to, limit: Self.mostSegments), of: context.organization)
        let file: any RecordingFile
        do {
            file = try await reader.open(segments, from: from, to: to, keepsGaps: gaps == "keep")
        } catch let refusal as RecordingPlan.Refusal {
            throw Self.problem(refusal, camera)
        }
        var headers = Self.headers(file, tag: Self.tag(segments, from, to, gaps))
        if download { headers[.contentDisposition] = "attachment; filename=\"\(Self.fileName(camera, file.plan))\"" }
        return try Self.response(file, to: request, headers: headers, seat: seat)
    }

    static func problem(_ refusal: RecordingPlan.Refusal, _ camera: Camera) -> Problem {
        switch refusal {
        case .empty:
            return Problem(.notFound, "nothing of camera `\(camera.name)` is recorded in this span")
        case .formatChanges(let at):
            let time = at.rfc3339
            return Problem(
                .validation,
                "the camera changed its format at \(time), and one file cannot hold both: ask for the time before it and the time from it on apart",
                errors: [.init(field: "to", message: "at most \(time), or `from` at least that")])
        }
    }

    private static func headers(_ file: any RecordingFile, tag: String) -> HTTPFields {
        var headers: HTTPFields = [
            .contentType: "video/mp4", .acceptRanges: "bytes", .eTag: tag, .cacheControl: "private, no-cache",
        ]
        let plan = file.plan
        headers[.recordingFrom] = plan.from.rfc3339
        headers[.recordingTo] = plan.to.rfc3339
        headers[.recordingDuration] = "\(rounded(Double(plan.durationNanoseconds) / 1e9, 3))"
        headers[.recordingGapCount] = "\(plan.gaps.count)"
        if !plan.gaps.isEmpty {
            headers[.recordingGaps] = plan.gaps.prefix(mostGaps)
                .map { "\($0.starts.rfc3339)/\($0.ends.rfc3339)" }.joined(separator: ", ")
        }
        return headers
    }

    /// The same for the same bytes.
    private static func tag(_ segments: [SegmentRecord], _ from: WallTime, _ to: WallTime, _ gaps: String) -> String {
        var hash = SHA256()
        // The number is that of the way in which files are put together.
        hash.update(data: Data("1 \(from.nanosecondsSinceEpoch) \(to.nanosecondsSinceEpoch) \(gaps)".utf8))
        for segment in segments { hash.update(data: Data("\(segment.id) \(segment.sizeBytes)".utf8)) }
        return "\"" + hash.finalize().prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\""
    }

    private static func response(
        _ file: any RecordingFile, to request: Request, headers: HTTPFields, seat: LiveSeats.Seat
    ) throws -> Response {
        var headers = headers
        let tag = headers[.eTag] ?? ""
        if request.headers[.ifNoneMatch].map({ $0 == "*" || $0.contains(tag) }) ?? false {
            return Response(status: .notModified, headers: headers)
        }
        let rangeCounts = request.headers[.ifRange].map { $0 == tag } ?? true
        switch rangeCounts ? ByteRange.parse(request.headers[.range], size: Int(file.sizeBytes)) : .whole {
        case .whole:
            return Response(
                status: .ok, headers: headers, body: body(file, 0...Int(file.sizeBytes) - 1, seat: seat))
        case .part(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound)/\(file.sizeBytes)"
            return Response(status: .partialContent, headers: headers, body: body(file, range, seat: seat))
        case .unsatisfiable:
            throw Problem(
                .rangeNotSatisfiable, "the file has \(file.sizeBytes) bytes",
                headers: [.contentRange: "bytes */\(file.sizeBytes)"])
        }
    }

    /// Read piece by piece, as fast as whoever asked takes it.
    private static func body(
        _ file: any RecordingFile, _ range: ClosedRange<Int>, seat: LiveSeats.Seat
    ) -> ResponseBody {
        ResponseBody(contentLength: range.count) { writer in
            var position = range.lowerBound
            while position <= range.upperBound {
                let bytes = try await file.read(
                    at: Int64(position), count: min(pieceBytes, range.upperBound - position + 1))
                guard !bytes.isEmpty else { throw ClipError("a recording ended before its length") }
                try await writer.write(ByteBuffer(bytes: bytes))
                position += bytes.count
            }
            try await writer.finish(nil)
            withExtendedLifetime(seat) {}
        }
    }

    /// "gate 2026-05-01T10-00-05Z": helpful in a downloads folder.
    private static func fileName(_ camera: Camera, _ plan: RecordingPlan) -> String {
        let time = plan.from.rfc3339.prefix(19).replacing(":", with: "-")
        let name = camera.name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
        return (name.isEmpty ? "camera" : name) + "-" + time + "Z.mp4"
    }
}

extension HTTPField.Name {
    private static func recording(_ name: String) -> Self { Self(name) ?? .contentDisposition }
    fileprivate static let recordingFrom = recording("X-Recording-From")
    fileprivate static let recordingTo = recording("X-Recording-To")
    fileprivate static let recordingDuration = recording("X-Recording-Duration-Seconds")
    fileprivate static let recordingGaps = recording("X-Recording-Gaps")
    fileprivate static let recordingGapCount = recording("X-Recording-Gap-Count")
}
