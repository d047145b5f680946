internal import Domain
internal import FoundationEssentials
internal import PostgresKit

/// Feedback in PostgreSQL: rows are only added, and the event points at the one that counts.
struct PostgresFeedbackStore: FeedbackStore {
    let pool: Pool

    func give(_ feedback: Feedback, of organization: Identifier<Organization>) async throws {
        try await storing("the feedback on event \(feedback.event)") {
            let rows = try await pool.of(organization).query(
                """
                WITH target AS (
                    SELECT id, organization_id FROM events
                    WHERE id = $2 AND organization_id = $3 AND state <> 'deleting' FOR UPDATE
                ), given AS (
                    INSERT INTO event_feedback (id, organization_id, event_id, verdict_id, author, author_name, state, labels,
                        note, created_at)
                    SELECT $1::uuid, organization_id, id, $4::uuid, $5, $6, $7, $8::text[], $9, clock_timestamp() FROM target
                    RETURNING id, event_id
                ), changed AS (
                    UPDATE events SET feedback_id = given.id, reviewed = true, changed_at = clock_timestamp()
                    FROM given WHERE events.id = given.event_id
                    RETURNING events.id, events.organization_id
                )
                SELECT \(Channel.notifyEvent(.updated, id: "id", organization: "organization_id")) FROM changed
                """,
                [
                    .id(feedback.id), .id(feedback.event), .id(organization),
                    .optional(feedback.verdict) { .id($0) }, .text(feedback.author.key),
                    .text(feedback.author.name.storable(limit: 1000)),
                    .optional(feedback.state) { .text($0.rawValue) },
                    .array(feedback.labels.map { $0.storable(limit: 1000) }),
                    .optional(feedback.note) { .text($0.storable(limit: 100_000)) },
                ])
            if rows.isEmpty { throw Self.missing(feedback.event) }
        }
    }

    func withdraw(
        _ author: Feedback.Author, from event: Identifier<Event>, of organization: Identifier<Organization>
    ) async throws {
        try await storing("the feedback on event \(event)") {
            try await pool.of(organization).withTransaction { transaction in
                let found = try transaction.run(
                    "SELECT FROM events WHERE id = $1 AND organization_id = $2 AND state <> 'deleting' FOR UPDATE",
                    [.id(event), .id(organization)])
                if found.isEmpty { throw Self.missing(event) }
                let withdrawn = try transaction.run(
                    """
                    INSERT INTO event_feedback (id, organization_id, event_id, author, author_name, created_at)
                    SELECT $1::uuid, $3::uuid, $2::uuid, $4::text, $5, clock_timestamp()
                    FROM (SELECT state FROM event_feedback WHERE event_id = $2 AND author = $4
                        ORDER BY created_at DESC, id DESC LIMIT 1) newest
                    WHERE state IS NOT NULL
                    RETURNING id
                    """,
                    [
                        .id(Identifier<Feedback>.make(at: .now)), .id(event), .id(organization), .text(author.key),
                        .text(author.name.storable(limit: 1000)),
                    ])
                if withdrawn.isEmpty { throw StoreError.notFound("you have given no feedback on event \(event)") }
                try transaction.run(
                    """
                    WITH changed AS (
                        UPDATE events SET changed_at = clock_timestamp(), feedback_id = (
                            SELECT id FROM (SELECT DISTINCT ON (author) id, state, created_at FROM event_feedback
                                WHERE event_id = $1 ORDER BY author, created_at DESC, id DESC) newest
                            WHERE state IS NOT NULL ORDER BY created_at DESC, id DESC LIMIT 1)
                        WHERE id = $1 RETURNING id, organization_id
                    )
                    SELECT \(Channel.notifyEvent(.updated, id: "id", organization: "organization_id")) FROM changed
                    """, [.id(event)])
            }
        }
    }

    func history(
        of event: Identifier<Event>, in organization: Identifier<Organization>, limit: Int
    ) async throws -> [Feedback] {
        try await storing("the feedback on event \(event)") {
            let rows = try await pool.of(organization).query(
                """
                SELECT \(FeedbackRow.columns)
                FROM events e LEFT JOIN event_feedback f ON f.event_id = e.id
                WHERE e.id = $1 AND e.organization_id = $2 AND e.state <> 'deleting'
                ORDER BY f.created_at DESC, f.id DESC LIMIT $3
                """, [.id(event), .id(organization), .int(limit)])
            guard let first = rows.first else { throw Self.missing(event) }
            return try first.isNull("feedback_id") ? [] : rows.map(FeedbackRow.feedback)
        }
    }

    private static func missing(_ event: Identifier<Event>) -> StoreError {
        .notFound("there is no event \(event)")
    }
}

/// Reads feedback from columns that `columns` selects from an alias `f`.
enum FeedbackRow {
    static let columns = """
        f.id AS feedback_id, f.event_id AS feedback_event_id, f.verdict_id AS feedback_verdict_id, f.author, f.author_name,
            f.state AS feedback_state, f.labels AS feedback_labels, f.note AS feedback_note,
            f.created_at AS feedback_created_at
        """

    static func feedback(_ row: Row) throws -> Feedback {
        Feedback(
            id: try row.id("feedback_id"), event: try row.id("feedback_event_id"),
            verdict: try row.optional("feedback_verdict_id"),
            author: .init(key: try row.get("author"), name: try row.get("author_name")),
            state: try row.optional("feedback_state", as: String.self).flatMap(Verdict.State.init(rawValue:)),
            labels: try row.get("feedback_labels"), note: try row.optional("feedback_note"),
            createdAt: try row.time("feedback_created_at"))
    }
}
