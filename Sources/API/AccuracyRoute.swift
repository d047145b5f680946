import Domain
import Hummingbird

/// How well verdicts agree with what people said.
struct AccuracyRoute {
    let feedback: any FeedbackStore

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/accuracy") { request, context in
            var reader = QueryReader(request)
            var query = AccuracyQuery()
            query.camera = reader.parsed("camera_id", "a UUID") { Identifier($0) }
            query.from = reader.parsed("from", WallTime.rfc3339Rule) { WallTime(rfc3339: $0) }
            query.to = reader.parsed("to", WallTime.rfc3339Rule) { WallTime(rfc3339: $0) }
            let grouped: Set<String> =
                reader.parsed("group_by", "camera, week, or both with a comma between them") { (text) -> Set<String>? in
                    let words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
                    return words.allSatisfy { ["camera", "week"].contains($0) } ? Set(words) : nil
                } ?? []
            try reader.finish()
            query.byCamera = grouped.contains("camera")
            query.byWeek = grouped.contains("week")
            let found = try await feedback.accuracy(query, of: context.organization)
            return jsonResponse(PageDTO(items: found.map(AccuracyDTO.init), nextCursor: nil))
        }
    }
}

/// A share with its interval.
struct ProportionDTO: Encodable, Sendable {
    var count: Int
    var total: Int
    @Nullable var value: Double?
    @Nullable var low: Double?
    @Nullable var high: Double?

    init(_ proportion: Proportion) {
        count = proportion.successes
        total = proportion.total
        value = proportion.value.map { rounded($0, 4) }
        low = proportion.interval.map { rounded($0.lowerBound, 4) }
        high = proportion.interval.map { rounded($0.upperBound, 4) }
    }
}

/// One group's figures as clients see them.
struct AccuracyDTO: Encodable, Sendable {
    struct Cell: Encodable, Sendable {
        var verdict: String
        var truth: String
        var count: Int
    }
    struct Bin: Encodable, Sendable {
        var low: Double
        var high: Double
        var meanConfidence: Double
        var right: ProportionDTO
    }
    struct Label: Encodable, Sendable {
        var label: String
        var precision: ProportionDTO
        var recall: ProportionDTO
    }

    @Nullable var definitionId: String?
    var definitionVersion: Int
    var analyzer: String
    @Nullable var cameraId: String?
    @Nullable var week: String?
    var confusion: [Cell]
    var agreement: ProportionDTO
    var precision: ProportionDTO
    var recall: ProportionDTO
    var calibration: [Bin]
    var labels: [Label]

    init(_ accuracy: Accuracy) {
        definitionId = accuracy.group.definition?.description
        definitionVersion = accuracy.group.definitionVersion
        analyzer = accuracy.group.analyzer
        cameraId = accuracy.group.camera?.description
        week = accuracy.group.week
        confusion = Verdict.State.allCases.flatMap { verdict in
            Verdict.State.allCases.map { truth in
                Cell(
                    verdict: verdict.rawValue, truth: truth.rawValue, count: accuracy.count(verdict, truly: truth))
            }
        }
        agreement = ProportionDTO(accuracy.agreement)
        precision = ProportionDTO(accuracy.precision)
        recall = ProportionDTO(accuracy.recall)
        calibration = accuracy.calibration.map {
            Bin(
                low: $0.lower, high: $0.upper, meanConfidence: rounded($0.meanConfidence, 4),
                right: ProportionDTO($0.right))
        }
        labels = accuracy.labels.map {
            Label(label: $0.label, precision: ProportionDTO($0.precision), recall: ProportionDTO($0.recall))
        }
    }
}
