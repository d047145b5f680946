import Domain
import Hummingbird

/// Whether what analyzers say has shifted by more than their past explains.
struct DriftRoute {
    let feedback: any FeedbackStore
    let clock: any WallClock

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/accuracy/drift") { request, context in
            var reader = QueryReader(request)
            var query = DriftQuery()
            query.camera = reader.parsed("camera_id", "a UUID") { Identifier($0) }
            query.step = reader.choice("period", DriftQuery.Step.self) ?? .week
            let onlyAlarms = reader.parsed("alarm", "true or false") { Bool($0) }
            try reader.finish()
            let series = try await feedback.verdictCounts(query, before: clock.now, of: context.organization)
            let found = series.compactMap { Drift($0) }.filter { onlyAlarms == nil || $0.isAlarm == onlyAlarms }
            return jsonResponse(PageDTO(items: found.map(DriftDTO.init), nextCursor: nil))
        }
    }
}

/// One camera's last period against those before, as clients see it.
struct DriftDTO: Encodable, Sendable {
    struct FigureDTO: Encodable, Sendable {
        var observed: Double
        var expected: Double
        var low: Double
        var high: Double
        var alarm: Bool

        init(_ figure: Drift.Figure) {
            observed = rounded(figure.observed, 4)
            expected = rounded(figure.expected, 4)
            low = rounded(figure.low, 4)
            high = rounded(figure.high, 4)
            alarm = figure.isAlarm
        }
    }
    @Nullable var definitionId: String?
    var definitionVersion: Int
    var analyzer: String
    @Nullable var cameraId: String?
    var periodStart: String
    var verdicts: Int
    var history: Int
    var alarm: Bool
    var abnormalShare: FigureDTO
    var confidence: FigureDTO

    init(_ drift: Drift) {
        definitionId = drift.group.definition?.description
        definitionVersion = drift.group.definitionVersion
        analyzer = drift.group.analyzer
        cameraId = drift.group.camera?.description
        periodStart = drift.period.start
        verdicts = drift.period.verdicts
        history = drift.history
        alarm = drift.isAlarm
        abnormalShare = FigureDTO(drift.abnormalShare)
        confidence = FigureDTO(drift.confidence)
    }
}
