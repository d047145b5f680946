import Domain

/// An event as every client sees it (`docs/reference/api.md`).
struct EventDTO: Encodable, Sendable {
    struct BoxDTO: Encodable, Sendable {
        var x: Double
        var y: Double
        var width: Double
        var height: Double
        var atSeconds: Double
        var zones: [String]
    }
    struct ClipDTO: Encodable, Sendable {
        var url: String
        var startsAt: String
        var durationSeconds: Double
        var sizeBytes: Int64
        var sha256: String
        var codec: String
        var width: Int
        var height: Int
        var hasAudio: Bool
    }
    struct EvidenceDTO: Encodable, Sendable {
        var url: String
        var atSeconds: Double
    }

    var id: String
    var organizationId: String
    var siteId: String
    var cameraId: String
    var cameraName: String
    var kind: String
    @Nullable var triggerLabel: String?
    var state: String
    var triggeredAt: String
    var startedAt: String
    var endedAt: String
    var score: Double
    var boxes: [BoxDTO]
    var zones: [String]
    var clip: ClipDTO
    @Nullable var thumbnailUrl: String?
    var evidence: [EvidenceDTO]
    @Nullable var continuesEventId: String?
    var analysis: String
    @Nullable var analysisError: String?
    @Nullable var verdict: VerdictDTO?
    var reviewed: Bool
    var starred: Bool
    @Nullable var note: String?
    @Nullable var feedback: FeedbackDTO?

    init(_ event: EventDetail) {
        let record = event.record
        let base = "/v1/events/\(record.id)"
        id = record.id.description
        organizationId = record.organization.description
        siteId = record.site.description
        cameraId = record.camera.description
        cameraName = event.cameraName
        kind = record.kind.rawValue
        triggerLabel = record.triggerLabel
        state = record.state.rawValue
        triggeredAt = record.triggeredAt.rfc3339
        startedAt = record.startedAt.rfc3339
        endedAt = record.endedAt.rfc3339
        score = rounded(record.score, 4)
        boxes = record.boxes.map {
            BoxDTO(
                x: rounded($0.box.x, 4), y: rounded($0.box.y, 4), width: rounded($0.box.width, 4),
                height: rounded($0.box.height, 4), atSeconds: rounded($0.atSeconds, 3),
                zones: $0.zones ?? [])
        }
        zones = record.zones ?? []
        clip = ClipDTO(
            url: base + "/clip.mp4", startsAt: record.clip.startsAt.rfc3339,
            durationSeconds: rounded(record.clip.durationSeconds, 3), sizeBytes: record.clip.sizeBytes,
            sha256: record.clip.sha256, codec: record.clip.codec.rawValue, width: record.clip.widthPixels,
            height: record.clip.heightPixels, hasAudio: record.clip.hasAudio)
        thumbnailUrl = record.thumbnailPath.map { _ in base + "/thumbnail.jpg" }
        evidence = record.evidence.enumerated().map {
            EvidenceDTO(url: "\(base)/evidence/\($0.offset + 1).jpg", atSeconds: rounded($0.element.atSeconds, 3))
        }
        continuesEventId = record.continues?.description
        analysis = event.analysis.rawValue
        analysisError = event.analysisError
        verdict = event.verdict.map(VerdictDTO.init)
        reviewed = event.reviewed
        starred = event.starred
        note = event.note
        feedback = event.feedback.map(FeedbackDTO.init)
    }
}

/// A verdict as clients see it.
struct VerdictDTO: Encodable, Sendable {
    var id: String
    var state: String
    var confidence: Double
    var labels: [String]
    var summary: String
    var reason: String
    var definitionVersion: Int
    var analyzer: String
    var model: String
    var latencySeconds: Double
    var policy: String
    var opinions: [OpinionDTO]
    var createdAt: String

    init(_ verdict: Verdict) {
        id = verdict.id.description
        state = verdict.judgement.state.rawValue
        confidence = rounded(verdict.judgement.confidence, 4)
        labels = verdict.judgement.labels
        summary = verdict.judgement.summary
        reason = verdict.judgement.reason
        definitionVersion = verdict.definitionVersion
        analyzer = verdict.analyzer
        model = verdict.judgement.model
        latencySeconds = rounded(verdict.judgement.latencySeconds, 3)
        policy = verdict.policy.rawValue
        opinions = verdict.opinions.map(OpinionDTO.init)
        createdAt = verdict.createdAt.rfc3339
    }
}

/// What one of a policy's analyzers said.
struct OpinionDTO: Encodable, Sendable {
    var analyzer: String
    @Nullable var model: String?
    @Nullable var state: String?
    @Nullable var confidence: Double?
    var labels: [String]
    @Nullable var summary: String?
    @Nullable var reason: String?
    @Nullable var latencySeconds: Double?
    /// Why there is no answer.
    @Nullable var error: String?

    init(_ opinion: AnalyzerOpinion) {
        analyzer = opinion.analyzer
        model = opinion.judgement?.model
        state = opinion.judgement?.state.rawValue
        confidence = opinion.judgement.map { rounded($0.confidence, 4) }
        labels = opinion.judgement?.labels ?? []
        summary = opinion.judgement?.summary
        reason = opinion.judgement?.reason
        latencySeconds = opinion.judgement.map { rounded($0.latencySeconds, 3) }
        error = opinion.error
    }
}

func rounded(_ value: Double, _ digits: Int) -> Double {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    return (value * scale).rounded() / scale
}
