import Domain
import Hummingbird

/// Keys of programs, and the audit log, for administrators.
struct KeyRoutes {
    let accounts: Accounts
    let clock: any WallClock

    private struct KeyDTO: Encodable, Sendable {
        var id: String
        var organizationId: String
        var name: String
        var prefix: String
        var role: String
        @Nullable var scopes: [String]?
        var createdAt: String
        @Nullable var expiresAt: String?
        @Nullable var lastUsedAt: String?
        /// Left out but in the answer that makes it.
        var key: String?

        init(_ made: APIKey, secret: String? = nil) {
            id = made.id.description
            organizationId = made.organization.description
            name = made.name
            prefix = made.prefix
            role = made.role.rawValue
            scopes = made.scopes?.sorted()
            createdAt = made.createdAt.rfc3339
            expiresAt = made.expiresAt?.rfc3339
            lastUsedAt = made.lastUsedAt?.rfc3339
            key = secret
        }
    }

    private struct EntryDTO: Encodable, Sendable {
        var id: String
        var at: String
        var actorKind: String
        var actorName: String
        var action: String
        var path: String
        var status: Int
        var address: String
        var requestId: String

        init(_ entry: AuditEntry) {
            id = entry.id.description
            at = entry.at.rfc3339
            actorKind = entry.actorKind
            actorName = entry.actorName
            action = entry.action
            path = entry.path
            status = entry.status
            address = entry.address
            requestId = entry.requestID
        }
    }

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/api-keys") { request, context in
            let keys = try await accounts.store.keys(of: context.organization)
            return jsonResponse(try NamedPage.page(keys, request, name: \.name, id: \.id.description) { KeyDTO($0) })
        }
        router.post("/v1/api-keys") { request, context in
            var fields = try await FieldReader(request)
            for name in ["name", "role"] where !fields.has(name) { fields.complain(name, "is needed") }
            let name = fields.text("name", maximumLength: 64) ?? ""
            if name.isEmpty || name == Accounts.tokenFileKeyName {
                fields.complain("name", "must have 1 to 64 characters, and not be `\(Accounts.tokenFileKeyName)`")
            }
            let role = fields.choice("role", Role.self) ?? .viewer
            let scopes = fields.words("scopes", of: AccessRules.areas)
            var expiry: WallTime?
            if let text = fields.text("expires_at", maximumLength: 64, nullable: true) {
                expiry = WallTime(rfc3339: text)
                if expiry.map({ $0 <= clock.now }) ?? true {
                    fields.complain("expires_at", "must be a time in the future, as RFC 3339 has it")
                }
            }
            try fields.finish()
            let secret = Secrets.keyPrefix + Secrets.make()
            let key = APIKey(
                id: .make(at: clock.now), organization: context.organization, name: name,
                prefix: String(secret.prefix(10)), role: role, scopes: scopes.map(Set.init), createdAt: clock.now,
                expiresAt: expiry)
            try await accounts.store.insert(key, hash: Secrets.hash(secret))
            var response = jsonResponse(KeyDTO(key, secret: secret), status: .created)
            response.headers[.cacheControl] = "no-store"
            return response
        }
        router.delete("/v1/api-keys/:id") { _, context in
            try await accounts.store.revoke(try context.identifier("id", "API key"), of: context.organization)
            return Response(status: .noContent)
        }
        router.get("/v1/audit-log") { request, context in
            var query = QueryReader(request)
            let limit =
                query.parsed("limit", "a whole number from 1 to 200") {
                    Int($0).flatMap { (1...200).contains($0) ? $0 : nil }
                } ?? 50
            let after: Identifier<AuditEntry>? = query.parsed("cursor", "a cursor that a list gave") {
                Cursor.decode($0).flatMap { $0.count == 1 ? Identifier($0[0]) : nil }
            }
            try query.finish()
            let entries = try await accounts.store.audit(of: context.organization, after: after, limit: limit)
            return jsonResponse(
                PageDTO(
                    items: entries.map(EntryDTO.init),
                    nextCursor: entries.count == limit ? entries.last.map { Cursor.encode([$0.id.description]) } : nil))
        }
    }
}
