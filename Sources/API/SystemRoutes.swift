import Domain
import Hummingbird

/// A judge as the status pages show it.
package struct AnalyzerStatus: Sendable {
    package var id: Identifier<Analyzer>
    package var name: String
    package var kind: Analyzer.Kind
    /// What does the judging ("YOLOX-nano"), and what is missing for better.
    package var detail: String
    /// True for a stand-in that sees less than the analyzer should.
    package var lesser: Bool

    package init(id: Identifier<Analyzer>, name: String, kind: Analyzer.Kind, detail: String, lesser: Bool) {
        self.id = id
        self.name = name
        self.kind = kind
        self.detail = detail
        self.lesser = lesser
    }
}

/// Health, version and the contract itself.
struct SystemRoutes {
    let version: String
    let openAPI: [UInt8]
    /// Name of each thing that must work, and whether it does.
    let checks: @Sendable () async -> [(name: String, ok: Bool)]

    private struct Health: Encodable {
        var status: String
        var checks: [String: String]?
    }
    private struct Version: Encodable {
        var name = "vedette"
        var version: String
    }
    func addPublic(to router: some RouterMethods<VedetteContext>) {
        router.get("/healthz") { _, _ in jsonResponse(Health(status: "ok", checks: nil)) }
        router.get("/readyz") { _, _ in
            let results = await checks()
            let ready = results.allSatisfy(\.ok)
            return jsonResponse(
                Health(
                    status: ready ? "ready" : "not ready",
                    checks: Dictionary(results.map { ($0.name, $0.ok ? "ok" : "failing") }) { $1 }),
                status: ready ? .ok : .serviceUnavailable)
        }
        let docs = DocsPage.make(from: openAPI)
        router.get("/docs") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/html; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(string: docs)))
        }
        router.get("/openapi.json") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(bytes: openAPI)))
        }
    }

    func addPrivate(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/version") { _, _ in jsonResponse(Version(version: version)) }
    }
}
