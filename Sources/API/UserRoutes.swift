import Domain
import Hummingbird

/// People, for administrators.
struct UserRoutes {
    let accounts: Accounts
    let clock: any WallClock

    private struct UserDTO: Encodable, Sendable {
        struct GrantsDTO: Encodable, Sendable {
            var siteIds: [String]
            var cameraIds: [String]
        }
        struct IdentityDTO: Encodable, Sendable {
            var issuer: String
            var subject: String
        }
        var id: String
        var organizationId: String
        var name: String
        var role: String
        @Nullable var grants: GrantsDTO?
        var disabled: Bool
        @Nullable var identity: IdentityDTO?
        var createdAt: String
        var revision: Int64

        init(_ user: User) {
            id = user.id.description
            organizationId = user.organization.description
            name = user.name
            role = user.role.rawValue
            grants = user.grants.map {
                GrantsDTO(
                    siteIds: $0.sites.map(\.description).sorted(), cameraIds: $0.cameras.map(\.description).sorted())
            }
            disabled = user.isDisabled
            identity = user.identity.map { IdentityDTO(issuer: $0.issuer, subject: $0.subject) }
            createdAt = user.createdAt.rfc3339
            revision = user.revision
        }
    }

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/users") { request, context in
            let users = try await accounts.store.users(of: context.organization)
            return jsonResponse(try NamedPage.page(users, request, name: \.name, id: \.id.description, UserDTO.init))
        }
        router.post("/v1/users") { request, context in
            var fields = try await FieldReader(request)
            for name in ["name", "password", "role"] where !fields.has(name) { fields.complain(name, "is needed") }
            var user = User(
                id: .make(at: clock.now), organization: context.organization, name: "", role: .viewer,
                createdAt: clock.now)
            let password = try await read(&fields, into: &user, context)
            try await accounts.store.insert(user, passwordHash: try await accounts.hasher.hash(password ?? ""))
            return Self.response(user, status: .created)
        }
        router.get("/v1/users/:id") { _, context in Self.response(try await user(context)) }
        router.patch("/v1/users/:id") { request, context in
            var user = try await user(context)
            try EntityTag.check(request, isAt: user.revision, "user")
            var fields = try await FieldReader(request)
            let before = user
            // Only taken away by hand; the issuer gives it.
            if fields.has("identity"), !fields.isThere("identity") { user.identity = nil }
            let password = try await read(&fields, into: &user, context)
            guard user != before || password != nil else { return Self.response(user) }
            var hash: String?
            if let password { hash = try await accounts.hasher.hash(password) }
            user.revision = try await accounts.store.update(user, passwordHash: hash)
            return Self.response(user)
        }
        router.delete("/v1/users/:id") { request, context in
            let user = try await user(context)
            let revision = try EntityTag.check(request, isAt: user.revision, "user")
            try await accounts.store.delete(user.id, of: context.organization, ifRevision: revision)
            return Response(status: .noContent)
        }
    }

    private func user(_ context: VedetteContext) async throws -> User {
        try await accounts.store.user(try context.identifier("id", "user"), of: context.organization)
    }

    private static func response(_ user: User, status: HTTPResponse.Status = .ok) -> Response {
        var response = jsonResponse(UserDTO(user), status: status)
        response.headers[.eTag] = EntityTag.of(user.revision)
        if status == .created { response.headers[.location] = "/v1/users/\(user.id)" }
        return response
    }

    /// Lays the body's fields over `user` and returns the password, where there is one.
    private func read(
        _ fields: inout FieldReader, into user: inout User, _ context: VedetteContext
    ) async throws -> String? {
        if let name = fields.text("name", maximumLength: 64)?.lowercased() {
            if let problem = User.problem(name: name) { fields.complain("name", problem) }
            user.name = name
        }
        let password = fields.text("password", maximumLength: 256)
        if let password, let problem = User.problem(password: password) { fields.complain("password", problem) }
        user.role = fields.choice("role", Role.self) ?? user.role
        user.isDisabled = fields.flag("disabled") ?? user.isDisabled
        if fields.has("grants") {
            if let given = fields.object("grants", nullable: true) {
                var grants = CameraGrants()
                for (key, value) in given {
                    guard case .list(let items) = value, items.count <= 1000 else {
                        fields.complain("grants.\(key)", "must be a list of at most 1000 ids")
                        continue
                    }
                    let texts = items.compactMap { item -> String? in
                        if case .text(let text) = item { text } else { nil }
                    }
                    let sites = texts.compactMap { Identifier<Site>($0) }
                    switch key {
                    case "site_ids" where sites.count == items.count: grants.sites = Set(sites)
                    case "camera_ids" where sites.count == items.count:
                        grants.cameras = Set(texts.compactMap { Identifier<Camera>($0) })
                    case "site_ids", "camera_ids": fields.complain("grants.\(key)", "must be a list of ids")
                    default: fields.complain("grants.\(key)", "is not a field of this object")
                    }
                }
                user.grants = grants
            } else {
                user.grants = nil
            }
        }
        if user.role == .administrator, user.grants != nil {
            fields.complain("grants", "must be null for an administrator, who sees everything")
        }
        try fields.finish(readOnly: ["id", "organization_id", "created_at", "revision"])
        return password
    }
}

/// Pages of lists that are short and ordered by name.
enum NamedPage {
    static func page<Item: Sendable, Shown: Encodable & Sendable>(
        _ items: [Item], _ request: Request, name: (Item) -> String, id: (Item) -> String, _ show: (Item) -> Shown
    ) throws -> PageDTO<Shown> {
        var query = QueryReader(request)
        let limit =
            query.parsed("limit", "a whole number from 1 to 200") {
                Int($0).flatMap { (1...200).contains($0) ? $0 : nil }
            } ?? 50
        let after: [String]? = query.parsed("cursor", "a cursor that a list gave") {
            Cursor.decode($0).flatMap { $0.count == 2 ? $0 : nil }
        }
        try query.finish()
        let sorted = items.map { (key: [name($0), id($0)], item: $0) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .filter { item in after.map { $0.lexicographicallyPrecedes(item.key) } ?? true }
        let page = sorted.prefix(limit)
        return PageDTO(
            items: page.map { show($0.item) },
            nextCursor: page.count < sorted.count ? page.last.map { Cursor.encode($0.key) } : nil)
    }
}
