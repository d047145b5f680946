internal import Domain
internal import FoundationEssentials
internal import PostgresKit

/// Reads an event with all that hangs on it from one row.
enum EventRow {
    /// Without a `WHERE`; the aliases are `e` event, `c` camera, `v` current verdict, `f` the
    /// feedback that counts.
    static let select = """
        SELECT e.id, e.organization_id, e.site_id, e.camera_id, e.kind, e.state, e.triggered_at, e.started_at, e.ended_at,
            e.score, e.boxes, e.zones, e.trigger_label, e.thumbnail_path, e.continues_event_id, e.analysis, e.analysis_error, e.reviewed, e.starred,
            e.note, e.changed_at, e.evidence, c.name AS camera_name,
            e.clip_path, e.clip_starts_at, e.clip_duration_seconds, e.clip_size_bytes, e.clip_sha256, e.clip_codec,
            e.clip_width_pixels, e.clip_height_pixels, e.clip_has_audio, e.clip_video_units,
            \(VerdictRow.columns), \(FeedbackRow.columns)
        FROM events e
        JOIN cameras c ON c.id = e.camera_id
        LEFT JOIN verdicts v ON v.id = e.current_verdict_id
        LEFT JOIN event_feedback f ON f.id = e.feedback_id
        """

    /// One event that is not being deleted: `$1` event, `$2` organization.
    static let selectOne = select + " WHERE e.id = $1 AND e.organization_id = $2 AND e.state <> 'deleting'"

    /// Events that are not being deleted: `$1` ids, `$2` organization. Each is searched for by itself (`LIMIT`), also where the plan
    /// was made for an empty table.
    static let selectThese = """
        SELECT found.* FROM unnest($1::uuid[]) given (id) CROSS JOIN LATERAL (
            \(select) WHERE e.id = given.id AND e.organization_id = $2 AND e.state <> 'deleting' LIMIT 1
        ) found
        """

    static func detail(_ row: Row) throws -> EventDetail {
        EventDetail(
            record: try record(row), cameraName: try row.get("camera_name"), analysis: try row.word("analysis"),
            analysisError: try row.optional("analysis_error"),
            verdict: try row.isNull("verdict_id") ? nil : try VerdictRow.verdict(row),
            reviewed: try row.get("reviewed"), starred: try row.get("starred"), note: try row.optional("note"),
            changedAt: try row.time("changed_at"),
            feedback: try row.isNull("feedback_id") ? nil : try FeedbackRow.feedback(row))
    }

    static func record(_ row: Row) throws -> EventRecord {
        EventRecord(
            id: try row.id("id"), organization: try row.id("organization_id"), site: try row.id("site_id"),
            camera: try row.id("camera_id"), kind: try row.word("kind"), state: try row.word("state"),
            triggeredAt: try row.time("triggered_at"), startedAt: try row.time("started_at"),
            endedAt: try row.time("ended_at"), score: try row.get("score"),
            boxes: try Documents.boxes(row.get("boxes")),
            clip: ClipRecord(
                path: try row.get("clip_path"), startsAt: try row.time("clip_starts_at"),
                durationSeconds: try row.get("clip_duration_seconds"), sizeBytes: try row.get("clip_size_bytes"),
                sha256: try row.get("clip_sha256"), codec: try row.word("clip_codec"),
                widthPixels: try row.get("clip_width_pixels"),
                heightPixels: try row.get("clip_height_pixels"), hasAudio: try row.get("clip_has_audio"),
                videoUnits: try row.get("clip_video_units")),
            thumbnailPath: try row.optional("thumbnail_path"),
            evidence: try Documents.evidence(row.get("evidence")),
            continues: try row.optional("continues_event_id"),
            zones: try row.optional("zones"), triggerLabel: try row.optional("trigger_label"))
    }
}

/// Reads a verdict from columns that `columns` selects from an alias `v`.
enum VerdictRow {
    static let columns = """
        v.id AS verdict_id, v.event_id AS verdict_event_id, v.definition_version, v.analyzer, v.state AS verdict_state,
            v.confidence, v.labels, v.summary, v.reason, v.model, v.latency_seconds, v.prompt_tokens,
            v.completion_tokens, v.prompt_hash, v.created_at AS verdict_created_at, v.policy, v.opinions, v.cost
        """

    static func verdict(_ row: Row) throws -> Verdict {
        Verdict(
            id: try row.id("verdict_id"), event: try row.id("verdict_event_id"),
            definitionVersion: try row.get("definition_version"), analyzer: try row.get("analyzer"),
            judgement: Judgement(
                state: try row.word("verdict_state"), confidence: try row.get("confidence"),
                labels: try row.get("labels"), summary: try row.get("summary"), reason: try row.get("reason"),
                model: try row.get("model"), latencySeconds: try row.get("latency_seconds"),
                promptTokens: try row.optional("prompt_tokens"),
                completionTokens: try row.optional("completion_tokens"), promptHash: try row.optional("prompt_hash")),
            createdAt: try row.time("verdict_created_at"), policy: try row.word("policy"),
            opinions: try OpinionDocument.opinions(row.get("opinions")), cost: try row.get("cost"))
    }
}
