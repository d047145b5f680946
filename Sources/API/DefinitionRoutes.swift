import Domain
import HTTPTypes
import Hummingbird

/// What is normal at a place and what to look for: versions that never change, by organization, site and camera.
struct DefinitionRoutes {
    let definitions: any DefinitionStore
    let reader: DefinitionReader

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/definitions") { request, context in
            let found = try await definitions.definitions(of: context.organization)
            return jsonResponse(
                try NamedPage.page(found, request, name: \.name, id: \.id.description, DefinitionDTO.init))
        }
        router.post("/v1/definitions") { request, context in
            var fields = try await FieldReader(request)
            let name = fields.text("name", maximumLength: 100) ?? ""
            if name.isEmpty { fields.complain("name", "must have 1 to 100 characters") }
            let site: Identifier<Site>? = fields.parsed("site_id", "a UUID") { Identifier($0) }
            let camera: Identifier<Camera>? = fields.parsed("camera_id", "a UUID") { Identifier($0) }
            if site != nil, camera != nil { fields.complain("camera_id", "give a site or a camera, not both") }
            let read = DefinitionReader.read(&fields)
            try fields.finish()
            let scope: StoredDefinition.Scope = camera.map { .camera($0) } ?? site.map { .site($0) } ?? .named
            let made = try await definitions.create(
                name: name, scope: scope, parts: try await reader.parts(read, context.organization),
                author: try context.signedIn.name, of: context.organization)
            return Self.response(made, status: .created)
        }
        router.get("/v1/definitions/:id") { _, context in Self.response(try await definition(context)) }
        router.get("/v1/definitions/:id/versions") { request, context in
            var query = QueryReader(request)
            let limit =
                query.parsed("limit", "a whole number from 1 to 200") {
                    Int($0).flatMap { (1...200).contains($0) ? $0 : nil }
                } ?? 50
            let before: Int? = query.parsed("cursor", "a cursor that a list gave") {
                Cursor.decode($0)?.first.flatMap { Int32($0) }.map(Int.init)
            }
            try query.finish()
            let found = try await definitions.versions(
                of: try id(context), in: context.organization, limit: limit, before: before)
            return jsonResponse(
                PageDTO(
                    items: found.map(VersionDTO.init),
                    nextCursor: found.count == limit ? found.last.map { Cursor.encode(["\($0.version)"]) } : nil))
        }
        router.post("/v1/definitions/:id/versions") { request, context in
            let present = try await definition(context)
            let expected = try EntityTag.check(request, isAt: present.newest.version, "definition")
            var fields = try await FieldReader(request)
            let read = DefinitionReader.read(&fields)
            if present.scope == .organization {
                for (name, isThere) in [("normal", read.parts.normal != nil), ("labels", read.parts.labels != nil)]
                where !isThere {
                    fields.complain(name, "is needed: the organization's definition inherits from none")
                }
            }
            try fields.finish()
            let changed = try await definitions.add(
                try await reader.parts(read, context.organization), to: present.id, ifNewest: expected,
                author: try context.signedIn.name, of: context.organization)
            return Self.response(
                changed, status: changed.newest.version == present.newest.version ? .ok : .created)
        }
        router.get("/v1/definitions/:id/versions/:version") { _, context in
            guard let number = context.parameters.get("version").flatMap({ Int32($0) }) else {
                throw Problem(.notFound, "there is no such version")
            }
            return jsonResponse(
                VersionDTO(try await definitions.version(Int(number), of: try id(context), in: context.organization)))
        }
        router.get("/v1/definitions/:id/diff") { request, context in
            var query = QueryReader(request)
            let numbers = ["from", "to"].map { name in
                query.parsed(name, "the number of a version") { Int32($0).map(Int.init) }
            }
            try query.finish()
            let newest = try await definition(context).newest
            let to = try await version(numbers[1] ?? newest.version, context)
            let from = try await version(numbers[0] ?? max(1, to.version - 1), context)
            return jsonResponse(DiffDTO(from: from, to: to))
        }
        // Named apart from its ending because a path parameter must be a whole path component.
        router.get("/v1/definitions/:id/examples/:file") { request, context in
            var query = QueryReader(request)
            let number = query.parsed("version", "the number of a version") { Int32($0).map(Int.init) }
            try query.finish()
            let newest = try await definition(context).newest
            let shown = try await version(number ?? newest.version, context).parts.examples ?? []
            let file = context.parameters.get("file") ?? ""
            guard file.hasSuffix(".jpg"), let index = Int(file.dropLast(4)), shown.indices.contains(index - 1) else {
                throw Problem(.notFound, "the version has \(shown.count) examples of its own, numbered from 1")
            }
            let picture = try await definitions.picture(shown[index - 1].picture, of: context.organization)
            return Response(
                status: .ok, headers: [.contentType: "image/jpeg"],
                body: .init(byteBuffer: ByteBuffer(bytes: picture.jpeg)))
        }
        router.get("/v1/cameras/:id/definition") { _, context in
            jsonResponse(
                EffectiveDTO(
                    try await definitions.effective(
                        for: try context.identifier("id", "camera"), of: context.organization)))
        }
    }

    private func id(_ context: VedetteContext) throws -> Identifier<Definition> {
        try context.identifier("id", "definition")
    }

    private func definition(_ context: VedetteContext) async throws -> StoredDefinition {
        try await definitions.definition(try id(context), of: context.organization)
    }

    private func version(_ number: Int, _ context: VedetteContext) async throws -> StoredVersion {
        try await definitions.version(number, of: try id(context), in: context.organization)
    }

    private static func response(_ definition: StoredDefinition, status: HTTPResponse.Status = .ok) -> Response {
        var response = jsonResponse(DefinitionDTO(definition), status: status)
        response.headers[.eTag] = EntityTag.of(definition.newest.version)
        if status == .created { response.headers[.location] = "/v1/definitions/\(definition.id)" }
        return response
    }
}
