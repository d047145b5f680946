internal import Domain
internal import FoundationEssentials
internal import PostgresKit

/// A re-analysis as it was asked for, in JSON: the same text is the same request.
struct ReanalysisDocument: Encodable {
    var camera_id: String?
    var site_id: String?
    var from: String?
    var to: String?
    var kind: String?
    var state: String?
    var verdict_state: String?
    var label: String?
    var min_confidence: Double?
    var reviewed: Bool?
    var starred: Bool?
    var q: String?
    var definition_version: Int?
    var policy: String?
    var analyzers: [String]?
    var max_events: Int?
    var max_tokens: Int?
    var max_money: Double?
    var until: String?
    /// Null for stored evidence.
    var frames_source: String?
    var frames_count: Int?

    init(_ request: ReanalysisRequest) {
        let filter = request.filter
        camera_id = filter.camera?.description
        site_id = filter.site?.description
        from = filter.from.map { PostgresTimestamp($0).text }
        to = filter.to.map { PostgresTimestamp($0).text }
        kind = filter.kind?.rawValue
        state = filter.state?.rawValue
        verdict_state = filter.verdictState?.rawValue
        label = filter.label?.storable(limit: 1000)
        min_confidence = filter.minimumConfidence
        reviewed = filter.reviewed
        starred = filter.starred
        q = filter.text?.storable(limit: 1000)
        definition_version = request.definitionVersion
        policy = request.policy?.rawValue
        analyzers = request.analyzers
        max_events = request.limits.events
        max_tokens = request.limits.tokens
        max_money = request.limits.money
        until = request.limits.until.map { PostgresTimestamp($0).text }
        if case .sampled(let source, let count) = request.frames {
            frames_source = source.rawValue
            frames_count = count
        }
    }

    /// Of `reanalyses`; read by `frames`.
    static let framesColumns =
        "request->>'frames_source' AS frames_source, (request->>'frames_count')::int AS frames_count"

    static func frames(_ row: Row) throws -> FramePolicy {
        guard let word = try row.optional("frames_source", as: String.self),
            let source = FramePolicy.Source(rawValue: word), let count = try row.optional("frames_count", as: Int.self)
        else { return .evidence }
        return .sampled(source, count: count)
    }

    static func text(_ request: ReanalysisRequest) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(ReanalysisDocument(request)), as: UTF8.self)
    }
}
