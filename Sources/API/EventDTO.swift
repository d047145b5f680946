import Domain

/// An event as every client sees it (`docs/reference/api.md`).
struct EventDTO: JSONWritable {
    private let event: EventDetail

    init(_ event: EventDetail) { self.event = event }

    func write(to json: inout JSONWriter) throws {
        let record = event.record
        let url = "/v1/events/\(record.id)"
        try json.object { json in
            json.member("id", record.id)
            json.member("organization_id", record.organization)
            json.member("site_id", record.site)
            json.member("camera_id", record.camera)
            json.member("camera_name", event.cameraName)
            json.member("kind", record.kind.rawValue)
            json.nullable("trigger_label", record.triggerLabel)
            json.member("state", record.state.rawValue)
            json.member("triggered_at", record.triggeredAt)
            json.member("started_at", record.startedAt)
            json.member("ended_at", record.endedAt)
            try json.member("score", record.score, decimals: 4)
            try json.list("boxes", record.boxes) { try Self.write($0, to: &$1) }
            json.member("zones", record.zones ?? [])
            try json.member("clip", ClipDTO(clip: record.clip, url: url + "/clip.mp4"))
            json.nullable("thumbnail_url", record.thumbnailPath.map { _ in url + "/thumbnail.jpg" })
            try json.list("evidence", record.evidence.enumerated()) { item, json in
                try json.object { json in
                    json.member("url", "\(url)/evidence/\(item.offset + 1).jpg")
                    try json.member("at_seconds", item.element.atSeconds, decimals: 3)
                }
            }
            json.nullable("continues_event_id", record.continues)
            json.member("analysis", event.analysis.rawValue)
            json.nullable("analysis_error", event.analysisError)
            try json.nullable("verdict", event.verdict.map(VerdictDTO.init))
            json.member("reviewed", event.reviewed)
            json.member("starred", event.starred)
            json.nullable("note", event.note)
            try json.nullable("feedback", event.feedback.map(FeedbackDTO.init))
        }
    }

    private static func write(_ timed: TimedBox, to json: inout JSONWriter) throws {
        try json.object { json in
            try json.member("x", timed.box.x, decimals: 4)
            try json.member("y", timed.box.y, decimals: 4)
            try json.member("width", timed.box.width, decimals: 4)
            try json.member("height", timed.box.height, decimals: 4)
            try json.member("at_seconds", timed.atSeconds, decimals: 3)
            json.member("zones", timed.zones ?? [])
        }
    }

    private struct ClipDTO: JSONWritable {
        let clip: ClipRecord
        let url: String

        func write(to json: inout JSONWriter) throws {
            try json.object { json in
                json.member("url", url)
                json.member("starts_at", clip.startsAt)
                try json.member("duration_seconds", clip.durationSeconds, decimals: 3)
                json.member("size_bytes", clip.sizeBytes)
                json.member("sha256", clip.sha256)
                json.member("codec", clip.codec.rawValue)
                json.member("width", clip.widthPixels)
                json.member("height", clip.heightPixels)
                json.member("has_audio", clip.hasAudio)
            }
        }
    }
}

/// A verdict as clients see it.
struct VerdictDTO: JSONWritable {
    private let verdict: Verdict

    init(_ verdict: Verdict) { self.verdict = verdict }

    func write(to json: inout JSONWriter) throws {
        let judgement = verdict.judgement
        try json.object { json in
            json.member("id", verdict.id)
            json.member("state", judgement.state.rawValue)
            try json.member("confidence", judgement.confidence, decimals: 4)
            json.member("labels", judgement.labels)
            json.member("summary", judgement.summary)
            json.member("reason", judgement.reason)
            json.member("definition_version", verdict.definitionVersion)
            json.member("analyzer", verdict.analyzer)
            json.member("model", judgement.model)
            try json.member("latency_seconds", judgement.latencySeconds, decimals: 3)
            json.member("policy", verdict.policy.rawValue)
            try json.list("opinions", verdict.opinions) { try OpinionDTO($0).write(to: &$1) }
            json.member("created_at", verdict.createdAt)
        }
    }
}

/// What one of a policy's analyzers said, or why it did not.
struct OpinionDTO: JSONWritable {
    private let opinion: AnalyzerOpinion

    init(_ opinion: AnalyzerOpinion) { self.opinion = opinion }

    func write(to json: inout JSONWriter) throws {
        let judgement = opinion.judgement
        try json.object { json in
            json.member("analyzer", opinion.analyzer)
            json.nullable("model", judgement?.model)
            json.nullable("state", judgement?.state.rawValue)
            try json.nullable("confidence", judgement?.confidence, decimals: 4)
            json.member("labels", judgement?.labels ?? [])
            json.nullable("summary", judgement?.summary)
            json.nullable("reason", judgement?.reason)
            try json.nullable("latency_seconds", judgement?.latencySeconds, decimals: 3)
            json.nullable("error", opinion.error)
        }
    }
}

func rounded(_ value: Double, _ digits: Int) -> Double {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    return (value * scale).rounded() / scale
}
