import Domain
import Settings
import Spool

/// Brings what the settings file says into the database: created or updated by name, never removed.
struct SiteSetup {
    let cameras: any CameraStore
    let judging: any JudgingStore
    let clock: any WallClock

    func apply(_ settings: VedetteSettings, extraCameras: [VedetteSettings.CameraEntry]) async throws {
        try await cameras.put(
            Site(
                id: Site.first, organization: Organization.first, name: settings.siteName,
                timeZone: settings.siteTimeZone))
        try await apply(settings.cameras + extraCameras)
        var analyzers: [String: Identifier<Analyzer>] = [:]
        for entry in settings.analyzers {
            var connection = entry.connection
            if let path = entry.certificateFile {
                connection.certificateAuthorities = try Self.certificates(path, entry)
            }
            analyzers[entry.name] = try await judging.put(
                Analyzer(
                    id: .make(at: clock.now), organization: Organization.first, name: entry.name, kind: entry.kind,
                    baseURL: entry.baseURL, model: entry.model, apiKey: entry.apiKey,
                    timeoutSeconds: entry.timeoutSeconds, budget: entry.budget,
                    maximumPictures: entry.maximumPictures, connection: connection))
        }
        try await judging.keep(analyzers: settings.analyzers.map(\.name), of: Organization.first)
        try await judging.put(
            Policy(
                id: .make(at: clock.now), mode: settings.policyMode,
                analyzers: settings.policyAnalyzers.compactMap { analyzers[$0] }),
            of: Organization.first)
        _ = try await judging.define(
            normal: settings.definitionNormal, labels: settings.definitionLabels, of: Organization.first)
    }

    private static func certificates(_ path: String, _ entry: VedetteSettings.AnalyzerEntry) throws -> String {
        guard let bytes = DurableFile.read(path) else {
            throw StartError("`ca_file` of analyzer `\(entry.name)`, \(path), cannot be read")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        if let complaint = AnalyzerConnection.complaint(certificates: text) {
            throw StartError("`ca_file` of analyzer `\(entry.name)`, \(path), \(complaint)")
        }
        return text
    }

    private func apply(_ entries: [VedetteSettings.CameraEntry]) async throws {
        let present = try await cameras.cameras(of: Organization.first)
        for entry in entries {
            if let known = present.first(where: { $0.site == Site.first && $0.name == entry.name }) {
                var settings = entry.settings
                if entry.keepsZones { settings.zones = known.settings.zones }
                if entry.keepsSchedule { settings.schedule = known.settings.schedule }
                guard known.settings != settings || known.enabled != entry.enabled else { continue }
                var changed = known
                changed.settings = settings
                changed.enabled = entry.enabled
                _ = try await cameras.update(changed)
            } else {
                try await cameras.insert(
                    Camera(
                        id: .make(at: clock.now), organization: Organization.first, site: Site.first,
                        name: entry.name, enabled: entry.enabled, settings: entry.settings, revision: 1))
            }
        }
    }
}
