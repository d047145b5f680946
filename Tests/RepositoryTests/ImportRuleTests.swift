import Foundation
import Testing

/// The direction of dependency in `docs/design/layout.md`, by machine.
struct ImportRuleTests {
    /// What each target may import of this package, besides what everybody may.
    static let allowed: [String: Set<String>] = [
        "Domain": [],
        "GStreamerKit": ["CGStreamer", "CGStreamerShims"],
        "OpenCVKit": ["COpenCVShims"],
        "LibavKit": ["CLibavShims"],
        "PostgresKit": ["CPostgres"],
        "CurlKit": ["CCurl", "CCurlShims"],
        "Pipelines": [],
        "Ingest": ["Domain", "GStreamerKit", "LibavKit", "Pipelines"],
        "Motion": ["Domain", "OpenCVKit"],
        "Clips": ["Domain", "GStreamerKit", "Pipelines"],
        "Spool": ["Domain"],
        "Store": ["Domain", "PostgresKit"],
        "VisionModels": ["Domain", "CurlKit"],
        "Detection": ["Domain", "OpenCVKit"],
        "Worker": ["Domain"],
        "Simulator": [
            "GStreamerKit", "CGStreamer", "CGStreamerShims", "CGStreamerRTSPServer", "CGStreamerRTSPServerShims",
        ],
        "Settings": ["Domain"],
        "API": ["Domain", "COpenAPI"],
        "WebUI": [],
        "vedette": ["App", "Settings"],
    ]
    static let ours: Set<String> = Set(allowed.keys).union([
        "App", "TestSupport", "PortConformance", "CGStreamer", "CGStreamerShims", "CGStreamerRTSPServer",
        "CGStreamerRTSPServerShims", "COpenCVShims", "CLibav", "CLibavShims", "CMalloc", "COpenAPI", "CPostgres",
        "CCurl",
        "CCurlShims",
    ])
    /// Modules from outside, and which targets may import them.
    static let outside: [String: Set<String>] = [
        "Hummingbird": ["API", "WebUI", "App"], "HTTPTypes": ["API", "App"], "NIOCore": ["API", "App"],
        "NIOHTTPTypes": ["API"], "NIOSSL": ["App"], "HummingbirdCore": ["App"],
        "Yams": ["Settings", "Simulator"], "ArgumentParser": ["vedette"],
        "ServiceLifecycle": ["App", "API", "Simulator", "Ingest", "Worker"],
        "Crypto": ["API", "Clips", "VisionModels", "Detection", "PostgresKit", "Store"],
        "CryptoExtras": ["API"], "AsyncAlgorithms": ["API"], "UnixSignals": ["App"],
    ]
    static let everybody: Set<String> = [
        "Foundation", "FoundationEssentials", "Glibc", "Dispatch", "Synchronization", "Logging", "Testing",
    ]

    struct Import {
        var file: String
        var target: String
        var module: String
        var line: String
    }

    static func imports() throws -> [Import] {
        let sources =
            Repository.files(under: "Sources", endings: [".swift"])
            + Repository.files(under: "pipelines", endings: [".swift"])
        return try sources.flatMap { file -> [Import] in
            let parts = file.split(separator: "/").map(String.init)
            let target = parts[0] == "pipelines" ? "Pipelines" : parts[1]
            return try Repository.text(file).split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ").map(String.init)
                guard let at = words.firstIndex(of: "import"), at <= 2,
                    words[..<at].allSatisfy({ $0.hasPrefix("@") || ["internal", "package", "private"].contains($0) }),
                    let name = words.dropFirst(at + 1).last(where: { !$0.isEmpty })
                else { return nil }
                return Import(
                    file: file, target: target, module: String(name.prefix { $0 != "." }), line: String(line))
            }
        }
    }

    @Test func `every target imports only what the layout lets it`() throws {
        let imports = try Self.imports()
        #expect(imports.count > 100)
        for found in imports {
            if ["App", "TestSupport", "PortConformance"].contains(found.target) { continue }
            if Self.ours.contains(found.module) {
                #expect(
                    Self.allowed[found.target]?.contains(found.module) == true,
                    "\(found.file) imports \(found.module), which \(found.target) may not")
            } else if let users = Self.outside[found.module] {
                #expect(users.contains(found.target), "\(found.file) imports \(found.module)")
            } else {
                #expect(
                    Self.everybody.contains(found.module),
                    "\(found.file) imports \(found.module): give it a line in ImportRuleTests and a reason in docs/design/dependencies.md"
                )
            }
        }
    }

    @Test func `the domain imports no library but the standard ones`() throws {
        for found in try Self.imports() where found.target == "Domain" {
            #expect(["FoundationEssentials", "Synchronization"].contains(found.module), "\(found.file): \(found.line)")
        }
    }

    @Test func `C modules are imported internally, by their kit`() throws {
        let modules = Self.ours.filter {
            $0.count > 1 && $0.hasPrefix("C") && $0.dropFirst().first?.isUppercase == true
        }
        .subtracting(["Clips"]).filter { $0 != "CurlKit" }
        for found in try Self.imports() where modules.contains(found.module) {
            #expect(found.line.hasPrefix("internal import"), "\(found.file): \(found.line)")
        }
    }

    @Test func `nothing outside the executable imports the composition root`() throws {
        for found in try Self.imports() where found.module == "App" {
            #expect(found.target == "vedette", "\(found.file)")
        }
    }
}
