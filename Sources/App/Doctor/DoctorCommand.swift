import Detection
import Domain
import Foundation
import Glibc
import Ingest
import Logging
import Motion
import PostgresKit
import Settings
import Store

/// `vedette doctor`: looks at what the program needs on this machine, and changes nothing.
package enum DoctorCommand {
    /// Less free space than this is a warning, and a twentieth of it a failure.
    private static let scarceBytes: Int64 = 10 << 30

    /// Prints the report; returns whether nothing has failed.
    package static func run(settings request: SettingsRequest, json: Bool) async throws -> Bool {
        var settings = try request.load()
        if ProcessInfo.processInfo.environment["VEDETTE_MODELS_DIR"] == nil, settings.modelsDirectory == nil {
            settings.modelsDirectory = ModelFiles.defaultFolder()
        }
        var report = DoctorReport(version: VedetteVersion.text)
        report.checks.append(
            .init(name: "GStreamer", state: .ok, detail: "version \(ElementNeeds.gstreamerVersion)"))
        report.checks += ElementNeeds.packages.map(check)
        let catalogue = await DecoderCatalogue.survey(settings.decoder)
        report.decoding = VideoCodec.allCases.map { decoding($0, catalogue) }
        report.checks += VideoCodec.allCases.map { check($0, catalogue, wanted: settings.decoder) }
        let encoders = await EncoderCatalogue.survey()
        report.encoding = .init(
            encoder: encoders.usable.first?.element,
            passedOver: encoders.findings.compactMap { finding in
                finding.reason.map { .init(encoder: finding.kind.element, reason: $0) }
            })
        report.checks.append(check(encoders))
        report.devices = CaptureListing.all().map { .init(path: $0.path, name: $0.name, modes: $0.modes) }
        report.checks += vision(settings)
        report.checks.append(await database(settings))
        report.checks += folder(settings.dataDirectory)
        print(json ? try report.json() : report.text)
        return report.healthy
    }

    // MARK: Pictures

    private static func check(_ package: ElementNeeds.Package) -> DoctorReport.Check {
        let missing = package.missing
        return missing.isEmpty
            ? .init(name: package.name, state: .ok, detail: package.elements.joined(separator: ", "))
            : .init(
                name: package.name, state: .failed, detail: "missing: \(missing.joined(separator: ", "))",
                remedy: "Install \(package.name).")
    }

    private static func decoding(_ codec: VideoCodec, _ catalogue: DecoderCatalogue) -> DoctorReport.Decoding {
        DoctorReport.Decoding(
            codec: codec.rawValue, decoder: catalogue.usable(for: codec).first?.element,
            passedOver: catalogue.findings.filter { $0.codec == codec }.compactMap { finding in
                finding.reason.map { .init(decoder: finding.kind.element, reason: $0) }
            })
    }

    private static func check(
        _ codec: VideoCodec, _ catalogue: DecoderCatalogue, wanted: DecoderPreference
    ) -> DoctorReport.Check {
        let name = "decoder \(codec.rawValue)"
        guard let best = catalogue.usable(for: codec).first else {
            return .init(name: name, state: .failed, detail: "none", remedy: "Install gstreamer1.0-libav.")
        }
        let detail = "\(best.element) (\(best.family.rawValue))"
        guard wanted == .auto || wanted.rawValue == best.family.rawValue else {
            return .init(
                name: name, state: .warning, detail: "\(detail), though `decoder` asks for \(wanted.rawValue)",
                remedy: "See below why, and docs/guide/hardware.md.")
        }
        return .init(name: name, state: .ok, detail: detail)
    }

    private static func check(_ encoders: EncoderCatalogue) -> DoctorReport.Check {
        guard let best = encoders.usable.first else {
            return .init(
                name: "encoder h264", state: .warning,
                detail: "none: cameras that send JPEG or raw pictures cannot be recorded",
                remedy: "Install gstreamer1.0-plugins-ugly.")
        }
        return .init(name: "encoder h264", state: .ok, detail: best.element)
    }

    private static func vision(_ settings: VedetteSettings) -> [DoctorReport.Check] {
        var checks: [DoctorReport.Check] = []
        do {
            _ = try MotionAnalyzer()
            checks.append(.init(name: "OpenCV", state: .ok, detail: "motion analysis starts"))
        } catch {
            checks.append(.init(name: "OpenCV", state: .failed, detail: "motion analysis does not start: \(error)"))
        }
        do {
            // Says what it finds in `status` already.
            let quiet = Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() }
            let status = try EmbeddedAnalyzer(
                modelFolders: settings.modelsDirectory.map { [$0] } ?? [], logger: quiet
            ).status
            checks.append(
                .init(
                    name: "embedded analyzer", state: status.isLesser ? .warning : .ok, detail: status.detail,
                    remedy: status.isLesser ? "See docs/guide/models.md." : nil))
        } catch {
            checks.append(.init(name: "embedded analyzer", state: .failed, detail: "\(error)"))
        }
        return checks
    }

    // MARK: Storage

    private static func database(_ settings: VedetteSettings) async -> DoctorReport.Check {
        let name = "database"
        let connection: String
        if let url = settings.databaseURL {
            connection = url
        } else if let running = EmbeddedCluster.connectionString(ofServerIn: settings.dataDirectory) {
            connection = running
        } else if EmbeddedCluster.isInstalled {
            return .init(name: name, state: .ok, detail: "PostgreSQL is installed; the private one does not run now")
        } else {
            return .init(
                name: name, state: .failed, detail: "no PostgreSQL server is installed, and database_url is not set",
                remedy: "Install postgresql-15, or set database_url.")
        }
        do {
            let pending = try await Migrator().check(ConnectionSettings(connection))
            let own = settings.databaseURL == nil ? "the private one runs" : "database_url can be reached"
            return pending.isEmpty
                ? .init(name: name, state: .ok, detail: "\(own); the schema is up to date")
                : .init(
                    name: name, state: .warning, detail: "\(own); migrations are pending: \(pending.count)",
                    remedy: "`vedette migrate`, or the next start of `vedette run`, applies them.")
        } catch {
            return .init(
                name: name, state: .failed, detail: "\(error)",
                remedy: settings.databaseURL == nil ? nil : "Check database_url and that the server runs.")
        }
    }

    private static func folder(_ path: String) -> [DoctorReport.Check] {
        let exists = FileManager.default.fileExists(atPath: path)
        // Where it is missing, `run` makes it, in the nearest folder above that exists.
        var nearest = URL(fileURLWithPath: path)
        while !FileManager.default.fileExists(atPath: nearest.path), nearest.path != "/" {
            nearest.deleteLastPathComponent()
        }
        var checks: [DoctorReport.Check] = []
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: nearest.path, isDirectory: &isFolder)
        if isFolder.boolValue, access(nearest.path, W_OK | X_OK) == 0 {
            checks.append(
                .init(name: "data_dir", state: .ok, detail: exists ? "\(path) can be written" : "\(path) will be made"))
        } else {
            checks.append(
                .init(
                    name: "data_dir", state: .failed, detail: "\(nearest.path) is no folder that this user can write",
                    remedy: "Give it to the user that runs Vedette, or name another with --data-dir."))
        }
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: nearest.path)
        guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.int64Value else {
            return checks + [.init(name: "disk", state: .warning, detail: "free space of \(nearest.path) is unknown")]
        }
        let detail = "\(free / 1_000_000_000) GB free at \(nearest.path)"
        let state: DoctorReport.State = free < scarceBytes / 20 ? .failed : free < scarceBytes ? .warning : .ok
        return checks + [
            .init(name: "disk", state: state, detail: detail, remedy: state == .ok ? nil : "Make room for clips.")
        ]
    }
}
