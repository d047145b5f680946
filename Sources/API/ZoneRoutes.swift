import Domain
import Hummingbird

/// Where a camera's motion counts and where not. `If-Match` and `ETag` are the camera's.
struct ZoneRoutes {
    let cameras: any CameraStore

    private struct ZonesDTO: Encodable, Sendable {
        var zones: [ZoneDTO]
    }

    private struct ZoneDTO: Encodable, Sendable {
        var name: String
        var kind: String
        var points: [[Double]]
        @Nullable var sensitivity: Double?
        @Nullable var minimumArea: Double?

        init(_ zone: Zone) {
            name = zone.name
            kind = zone.kind.rawValue
            points = zone.points.map { [$0.x, $0.y] }
            sensitivity = zone.sensitivity
            minimumArea = zone.minimumArea
        }
    }

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/cameras/:id/zones") { _, context in
            Self.response(
                try await cameras.camera(try context.identifier("id", "camera"), of: context.organization))
        }
        router.put("/v1/cameras/:id/zones") { request, context in
            Self.response(try await replace(request, context))
        }
    }

    private static func response(_ camera: Camera) -> Response {
        var response = jsonResponse(ZonesDTO(zones: camera.settings.zones.map(ZoneDTO.init)))
        response.headers[.eTag] = EntityTag.of(camera.revision)
        return response
    }

    private func replace(_ request: Request, _ context: VedetteContext) async throws -> Camera {
        let current = try await cameras.camera(try context.identifier("id", "camera"), of: context.organization)
        try EntityTag.check(request, isAt: current.revision, "camera")
        var fields = try await FieldReader(request)
        if !fields.has("zones") { fields.complain("zones", "is needed") }
        let zones = fields.objects("zones", maximumCount: ZoneRules.maximumZones, Self.read) ?? []
        if fields.errors.isEmpty {
            for complaint in ZoneRules.complaints(zones) { fields.complain(complaint.field, complaint.message) }
        }
        try fields.finish()
        guard zones != current.settings.zones else { return current }
        var changed = current
        changed.settings.zones = zones
        changed.revision = try await cameras.update(changed)
        return changed
    }

    private static func read(_ fields: inout FieldReader) -> Zone {
        for name in ["name", "points"] where !fields.has(name) { fields.complain(name, "is needed") }
        return Zone(
            name: fields.text("name") ?? "", kind: fields.choice("kind", Zone.Kind.self) ?? .include,
            points: fields.pairs("points", maximumCount: ZoneRules.corners.upperBound)?.map {
                Zone.Point(x: $0.0, y: $0.1)
            } ?? [],
            sensitivity: fields.number("sensitivity", in: 0...1, nullable: true),
            minimumArea: fields.number("minimum_area", in: 0...0.5, nullable: true))
    }
}
