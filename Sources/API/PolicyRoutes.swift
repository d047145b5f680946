import Domain
import HTTPTypes
import Hummingbird

/// Which analyzers judge the events of a place, and how their opinions become one.
struct PolicyRoutes {
    let judges: any JudgeStore
    let clock: any WallClock

    private struct PolicyDTO: Encodable, Sendable {
        var id: String
        var name: String
        var mode: String
        /// Names, in order.
        var analyzers: [String]
        @Nullable var siteId: String?
        @Nullable var cameraId: String?
        var readOnly: Bool
        var revision: Int64

        init(_ stored: StoredPolicy, _ names: [Identifier<Analyzer>: String]) {
            id = stored.policy.id.description
            name = stored.name
            mode = stored.policy.mode.rawValue
            analyzers = stored.policy.analyzers.map { names[$0] ?? "(gone)" }
            switch stored.place {
            case .site(let id)?: siteId = id.description
            case .camera(let id)?: cameraId = id.description
            case nil: break
            }
            readOnly = stored.place == nil
            revision = stored.revision
        }
    }

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/policies") { request, context in
            let names = try await names(context)
            let found = try await judges.policies(of: context.organization)
            return jsonResponse(
                try NamedPage.page(found, request, name: \.name, id: \.policy.id.description) { PolicyDTO($0, names) })
        }
        router.post("/v1/policies") { request, context in
            var fields = try await FieldReader(request)
            for name in ["name", "mode", "analyzers"] where !fields.has(name) { fields.complain(name, "is needed") }
            let site: Identifier<Site>? = fields.parsed("site_id", "a UUID") { Identifier($0) }
            let camera: Identifier<Camera>? = fields.parsed("camera_id", "a UUID") { Identifier($0) }
            if (site == nil) == (camera == nil) {
                fields.complain(
                    "camera_id", "give a site or a camera: the organization's policy is in the settings file")
            }
            var policy = StoredPolicy(
                policy: Policy(id: .make(at: clock.now), mode: .single, analyzers: []),
                organization: context.organization, name: "",
                place: camera.map { .camera($0) } ?? site.map { .site($0) }, revision: 1)
            try await read(&fields, into: &policy, context)
            try fields.finish()
            try await judges.insert(policy)
            return try await shown(policy.policy.id, context, status: .created)
        }
        router.get("/v1/policies/:id") { _, context in try await shown(try id(context), context) }
        router.patch("/v1/policies/:id") { request, context in
            var policy = try await judges.policy(try id(context), of: context.organization)
            try EntityTag.check(request, isAt: policy.revision, "policy")
            if policy.place == nil { throw AnalyzerRoutes.readOnly("policy") }
            var fields = try await FieldReader(request)
            let before = policy
            try await read(&fields, into: &policy, context)
            try fields.finish(readOnly: ["id", "site_id", "camera_id", "read_only", "revision"])
            if policy != before { _ = try await judges.update(policy) }
            return try await shown(policy.policy.id, context)
        }
        router.delete("/v1/policies/:id") { request, context in
            let policy = try await judges.policy(try id(context), of: context.organization)
            let revision = try EntityTag.check(request, isAt: policy.revision, "policy")
            if policy.place == nil { throw AnalyzerRoutes.readOnly("policy") }
            try await judges.deletePolicy(policy.policy.id, of: context.organization, ifRevision: revision)
            return Response(status: .noContent)
        }
    }

    private func id(_ context: VedetteContext) throws -> Identifier<Policy> {
        try context.identifier("id", "policy")
    }

    private func names(_ context: VedetteContext) async throws -> [Identifier<Analyzer>: String] {
        let all = try await judges.analyzers(of: context.organization).map(\.analyzer)
        return Dictionary(all.map { ($0.id, $0.name) }) { first, _ in first }
    }

    private func shown(
        _ id: Identifier<Policy>, _ context: VedetteContext, status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let stored = try await judges.policy(id, of: context.organization)
        var response = jsonResponse(PolicyDTO(stored, try await names(context)), status: status)
        response.headers[.eTag] = EntityTag.of(stored.revision)
        if status == .created { response.headers[.location] = "/v1/policies/\(id)" }
        return response
    }

    /// Lays the body's fields over the policy.
    private func read(
        _ fields: inout FieldReader, into policy: inout StoredPolicy, _ context: VedetteContext
    ) async throws {
        if let name = fields.text("name", maximumLength: 100) {
            if name.isEmpty || name == "default" {
                fields.complain("name", "must have 1 to 100 characters, and not be `default`")
            }
            policy.name = name
        }
        policy.policy.mode = fields.choice("mode", Policy.Mode.self) ?? policy.policy.mode
        if let given = fields.texts("analyzers", maximumCount: 2, maximumLength: 100) {
            let known = try await names(context)
            policy.policy.analyzers = given.compactMap { name in known.first { $0.value == name }?.key }
            if policy.policy.analyzers.count < given.count || Set(given).count < given.count {
                fields.complain("analyzers", "must be names of analyzers that are there, each once")
            }
        }
        let count = policy.policy.mode.analyzerCount
        if policy.policy.analyzers.count != count {
            fields.complain("analyzers", "mode \(policy.policy.mode.rawValue) takes exactly \(count)")
        }
    }
}
