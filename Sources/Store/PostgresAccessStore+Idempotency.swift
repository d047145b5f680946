internal import Domain
internal import PostgresKit

extension PostgresAccessStore {
    func begin(_ request: IdempotentRequest) async throws -> IdempotentRequest.Earlier? {
        try await storing("the idempotency key") {
            try await pool.of(request.organization).withTransaction { transaction in
                try transaction.run("DELETE FROM idempotency_keys WHERE created_at < now() - interval '1 day'")
                let inserted = try transaction.run(
                    """
                    INSERT INTO idempotency_keys (organization_id, actor, key, fingerprint) VALUES ($1, $2, $3, $4)
                    ON CONFLICT DO NOTHING RETURNING 1
                    """, Self.names(request) + [.bytes(request.fingerprint)])
                if !inserted.isEmpty { return nil }
                let rows = try transaction.run(
                    """
                    SELECT fingerprint = $4 AS is_same, status, content_type, location, entity_tag, body
                    FROM idempotency_keys WHERE organization_id = $1 AND actor = $2 AND key = $3
                    """, Self.names(request) + [.bytes(request.fingerprint)])
                // Gone within this moment: it came to nothing, and may be repeated as well as any.
                guard let row = rows.first else { return .underWay }
                guard try row.get("is_same") else { return .different }
                guard let status = try row.optional("status", as: Int.self) else { return .underWay }
                return .answered(
                    IdempotentRequest.Answer(
                        status: status, contentType: try row.get("content_type"), location: try row.get("location"),
                        entityTag: try row.get("entity_tag"), body: try row.get("body")))
            }
        }
    }

    func finish(_ request: IdempotentRequest, answer: IdempotentRequest.Answer) async throws {
        try await storing("the idempotency key") {
            try await pool.of(request.organization).query(
                """
                UPDATE idempotency_keys SET status = $4, content_type = $5, location = $6, entity_tag = $7, body = $8
                WHERE organization_id = $1 AND actor = $2 AND key = $3
                """,
                Self.names(request) + [
                    .int(answer.status), .text(answer.contentType), .text(answer.location), .text(answer.entityTag),
                    .text(answer.body),
                ])
        }
    }

    func abandon(_ request: IdempotentRequest) async throws {
        try await storing("the idempotency key") {
            try await pool.of(request.organization).query(
                "DELETE FROM idempotency_keys WHERE organization_id = $1 AND actor = $2 AND key = $3 AND status IS NULL",
                Self.names(request))
        }
    }

    private static func names(_ request: IdempotentRequest) -> [PostgresValue] {
        [.id(request.organization), .text(request.actor), .text(request.key.storable(limit: 200))]
    }
}
