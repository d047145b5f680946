import Domain
import Hummingbird

/// Sites and cameras.
struct CameraRoutes {
    let cameras: any CameraStore
    let monitor: any CameraMonitor
    let prober: any CameraProber
    let probes = ProbePlaces()
    let clock: any WallClock

    /// Fields that a client reads and may send back unchanged.
    private static let readOnly: Set<String> = ["id", "organization_id", "revision", "status"]

    private struct SiteDTO: Encodable, Sendable {
        var id: String
        var organizationId: String
        var name: String
        var timeZone: String
    }

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/sites") { request, context in
            var query = QueryReader(request)
            // A list like the others; it never has a second page yet.
            _ = query.parsed("limit", "a whole number from 1 to 200") {
                Int($0).flatMap { (1...200).contains($0) ? $0 : nil }
            }
            _ = query.text("cursor")
            try query.finish()
            let sites = try await cameras.sites(of: context.organization)
            return jsonResponse(
                PageDTO(
                    items: sites.map {
                        SiteDTO(
                            id: $0.id.description, organizationId: $0.organization.description, name: $0.name,
                            timeZone: $0.timeZone)
                    }, nextCursor: nil))
        }
        router.get("/v1/cameras") { request, context in
            var query = QueryReader(request)
            let site: Identifier<Site>? = query.parsed("site_id", "a UUID") { Identifier($0) }
            let limit =
                query.parsed("limit", "a whole number from 1 to 200") {
                    Int($0).flatMap { (1...200).contains($0) ? $0 : nil }
                } ?? 50
            let after: CameraCursor? = query.parsed("cursor", "a cursor that a list gave") { CameraCursor($0) }
            try query.finish()
            let all = try await cameras.cameras(of: context.organization)
                .filter { site == nil || $0.site == site }
                .filter { camera in after.map { CameraCursor(camera) > $0 } ?? true }
                .sorted { CameraCursor($0) < CameraCursor($1) }
            let page = all.prefix(limit)
            return jsonResponse(
                PageDTO(
                    items: page.map { CameraDTO($0, status: monitor.status(of: $0.id)) },
                    nextCursor: page.count < all.count ? page.last.map { CameraCursor($0).text } : nil))
        }
        router.post("/v1/cameras") { request, context in
            let camera = try await create(request, context)
            return Self.response(camera, monitor: monitor, status: .created)
        }
        router.post("/v1/cameras/probe") { request, context in
            let location = try await Self.probeLocation(request, context)
            let result = try await probes.run { () async -> Result<CameraFindings, SourceError> in
                do throws(SourceError) {
                    return .success(try await prober.probe(location))
                } catch {
                    return .failure(error)
                }
            }
            return jsonResponse(ProbeDTO(result, at: clock.now))
        }
        router.get("/v1/cameras/:id") { _, context in
            Self.response(try await camera(context), monitor: monitor)
        }
        router.patch("/v1/cameras/:id") { request, context in
            let changed = try await change(request, context)
            return Self.response(changed, monitor: monitor)
        }
        router.delete("/v1/cameras/:id") { request, context in
            let camera = try await camera(context)
            let revision = try EntityTag.check(request, isAt: camera.revision, "camera")
            try await cameras.delete(camera.id, of: context.organization, ifRevision: revision)
            return Response(status: .noContent)
        }
        router.get("/v1/cameras/:id/status") { _, context in
            let camera = try await camera(context)
            return jsonResponse(CameraDTO(camera, status: monitor.status(of: camera.id)).status)
        }
        router.get("/v1/cameras/:id/snapshot.jpg") { request, context in
            var query = QueryReader(request)
            let side =
                query.parsed("size", "a whole number from 64 to 4096") {
                    Int($0).flatMap { (64...4096).contains($0) ? $0 : nil }
                } ?? 1280
            try query.finish()
            let camera = try await camera(context)
            guard let still = try await monitor.snapshot(of: camera.id, longestSidePixels: side) else {
                let reason = monitor.status(of: camera.id)?.error?.detail ?? "it has not delivered a picture yet"
                throw Problem(.unavailable, "camera `\(camera.name)` has no picture now: \(reason)")
            }
            return Response(
                status: .ok, headers: [.contentType: "image/jpeg", .cacheControl: "no-store"],
                body: .init(byteBuffer: ByteBuffer(bytes: still.jpeg)))
        }
    }

    private static func response(
        _ camera: Camera, monitor: any CameraMonitor, status: HTTPResponse.Status = .ok
    ) -> Response {
        var response = jsonResponse(CameraDTO(camera, status: monitor.status(of: camera.id)), status: status)
        response.headers[.eTag] = EntityTag.of(camera.revision)
        if status == .created { response.headers[.location] = "/v1/cameras/\(camera.id)" }
        return response
    }

    private static func probeLocation(
        _ request: Request, _ context: VedetteContext
    ) async throws -> SourceLocation {
        var fields = try await FieldReader(request)
        if !fields.has("url") { fields.complain("url", "is needed") }
        let url = fields.text("url") ?? ""
        if let problem = CameraRules.problem(url: url, of: context.organization), fields.has("url") {
            fields.complain("url", problem)
        }
        let transport = fields.choice("transport", SourceLocation.Transport.self) ?? .tcp
        let seconds = fields.number("timeout_seconds", in: 1...30) ?? 10
        let trust = certificate(&fields) ?? .system
        try fields.finish(readOnly: [])
        return SourceLocation(url: url, transport: transport, timeoutSeconds: seconds, certificate: trust)
    }

    private static func certificate(_ fields: inout FieldReader) -> CertificateTrust? {
        guard let text = fields.text("certificate") else { return nil }
        let trust = CertificateTrust(text)
        if trust == nil { fields.complain("certificate", CertificateTrust.rule) }
        return trust
    }

    private func camera(_ context: VedetteContext) async throws -> Camera {
        try await cameras.camera(try context.identifier("id", "camera"), of: context.organization)
    }

    private func create(_ request: Request, _ context: VedetteContext) async throws -> Camera {
        var fields = try await FieldReader(request)
        for name in ["name", "url"] where !fields.has(name) { fields.complain(name, "is needed") }
        let now = clock.now
        let sites = try await cameras.sites(of: context.organization)
        guard let site = sites.first(where: { $0.id == Site.first }) ?? sites.first else {
            throw Problem(.validation, "there is no site to put a camera in")
        }
        let draft = Camera(
            id: .make(at: now), organization: context.organization, site: site.id, name: "", enabled: true,
            settings: CameraSettings(url: ""), revision: 1)
        let camera = try await read(&fields, into: draft, context)
        try await cameras.insert(camera)
        return camera
    }

    private func change(_ request: Request, _ context: VedetteContext) async throws -> Camera {
        let current = try await camera(context)
        try EntityTag.check(request, isAt: current.revision, "camera")
        var fields = try await FieldReader(request)
        var changed = try await read(&fields, into: current, context)
        guard changed != current else { return current }
        changed.revision = try await cameras.update(changed)
        return changed
    }

    /// An address in the body that differs from what is answered for `base`.
    private static func address(
        _ fields: inout FieldReader, _ name: String, base: String?, of organization: Identifier<Organization>
    ) -> String? {
        guard let url = fields.text(name), url != base.map({ CameraRules.masked(url: $0) }) else { return nil }
        if let problem = CameraRules.problem(url: url, of: organization) {
            fields.complain(name, problem)
        } else if url.contains(":***@") {
            fields.complain(name, "holds `***` where the password stands; write the password")
        }
        return url
    }

    /// Lays the body's fields over `base`.
    private func read(_ fields: inout FieldReader, into base: Camera, _ context: VedetteContext) async throws -> Camera
    {
        var camera = base
        if let name = fields.text("name") {
            if let problem = CameraRules.problem(name: name) { fields.complain("name", problem) }
            camera.name = name
        }
        if let url = Self.address(&fields, "url", base: base.settings.url, of: base.organization) {
            camera.settings.url = url
        }
        let hadDetectURL = base.settings.detectURL != nil
        if fields.has("detect_url") {
            let before = base.settings.detectURL
            let text = fields.text("detect_url", nullable: true)
            if let text, text != before.map({ CameraRules.masked(url: $0) }) {
                camera.settings.detectURL = Self.address(&fields, "detect_url", base: before, of: base.organization)
            } else if text == nil {
                camera.settings.detectURL = nil
            }
        }
        if let text = fields.text("site_id") {
            if let site = Identifier<Site>(text),
                try await cameras.sites(of: context.organization).contains(where: { $0.id == site })
            {
                camera.site = site
            } else {
                fields.complain("site_id", "names no site")
            }
        }
        camera.enabled = fields.flag("enabled") ?? camera.enabled
        camera.settings.transport =
            fields.choice("transport", SourceLocation.Transport.self) ?? camera.settings.transport
        camera.settings.certificate = Self.certificate(&fields) ?? camera.settings.certificate
        switch (fields.choice("analysis", AnalysisMode.self), camera.settings.detectURL) {
        case (let asked?, _): camera.settings.analysis = asked
        case (nil, .some) where !hadDetectURL: camera.settings.analysis = .substream
        case (nil, nil) where camera.settings.analysis == .substream: camera.settings.analysis = .ladder
        case (nil, _): break
        }
        if camera.settings.analysis == .substream, camera.settings.detectURL == nil {
            fields.complain("analysis", "needs a `detect_url` to be `substream`")
        }
        camera.settings.tamper = fields.flag("tamper") ?? camera.settings.tamper
        camera.settings.schedule = fields.schedule() ?? camera.settings.schedule
        camera.settings.audioTrigger = fields.audioTrigger(over: base.settings.audioTrigger)
        camera.settings.record = fields.choice("record", RecordMode.self) ?? camera.settings.record
        for bound in CameraRules.bounds {
            if let value = fields.number(bound.key, in: bound.range) { camera.settings[keyPath: bound.field] = value }
        }
        try fields.finish(readOnly: Self.readOnly)
        return camera
    }
}

/// A place in the list of cameras, which goes by name and id.
struct CameraCursor: Comparable {
    var name: String
    var id: String

    init(_ camera: Camera) {
        name = camera.name
        id = camera.id.description
    }

    init?(_ text: String) {
        guard let parts = Cursor.decode(text), parts.count == 2 else { return nil }
        (name, id) = (parts[0], parts[1])
    }

    var text: String { Cursor.encode([name, id]) }

    static func < (left: Self, right: Self) -> Bool { (left.name, left.id) < (right.name, right.id) }
}
