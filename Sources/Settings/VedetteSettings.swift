import Domain

/// All settings, checked, as values.
package struct VedetteSettings: Sendable {
    package struct CameraEntry: Sendable, Hashable {
        package var name: String
        package var enabled: Bool
        package var settings: CameraSettings
        /// The file says nothing about zones: those of the database stay.
        package var keepsZones: Bool
        /// The same for its schedule.
        package var keepsSchedule: Bool

        package init(
            name: String, enabled: Bool, settings: CameraSettings, keepsZones: Bool = true,
            keepsSchedule: Bool = true
        ) {
            self.name = name
            self.enabled = enabled
            self.settings = settings
            self.keepsZones = keepsZones
            self.keepsSchedule = keepsSchedule
        }
    }
    package struct AnalyzerEntry: Sendable, Hashable {
        package var name: String
        package var kind: Analyzer.Kind
        package var baseURL: String?
        package var model: String?
        package var apiKey: String?
        package var timeoutSeconds: Double
        package var budget = AnalyzerBudget()
        package var maximumPictures: Int?
        /// Without the certificates, which are in `certificateFile`.
        package var connection = AnalyzerConnection()
        package var certificateFile: String?
    }

    package var listenHost: String
    package var listenPort: Int
    package var dataDirectory: String
    package var databaseURL: String?
    package var modelsDirectory: String?
    package var decoder: DecoderPreference
    package var logLevel: String
    package var workerConcurrency: Int
    package var liveTranscodes: Int
    /// Of continuous recording.
    package var segmentSeconds: Double
    package var activityDays: Double
    package var exportKeepSeconds: Double
    package var exportMostBytes: Int64
    package var siteName: String
    package var siteTimeZone: String
    package var cameras: [CameraEntry]
    package var analyzers: [AnalyzerEntry]
    package var policyMode: Policy.Mode
    /// Names of analyzers, all of which exist.
    package var policyAnalyzers: [String]
    package var definitionNormal: String
    package var definitionLabels: [String]
    package var network: NetworkSettings

    /// Reads settings from a file's text (nil: no file) with the environment laid over it.
    package static func load(yaml: String?, fileName: String, environment: [String: String]) throws(SettingsError)
        -> VedetteSettings
    {
        var raw =
            try yaml.map { (text) throws(SettingsError) in try RawSetting.parse(yaml: text, fileName: fileName) }
            ?? RawSetting(content: .map([]), origin: "the defaults")
        try EnvironmentOverrides.apply(environment, to: &raw)
        return try VedetteSettings(CheckedSettings(raw, rows: SettingsTable.rows, path: ""))
    }

    init(_ checked: CheckedSettings) throws(SettingsError) {
        let listen = checked.text("listen") ?? ""
        guard let colon = listen.lastIndex(of: ":"), let port = Int(listen[listen.index(after: colon)...]),
            (0...65535).contains(port), colon > listen.startIndex
        else {
            throw SettingsError(
                "`listen` is `\(listen)` at \(checked.origin(of: "listen")), but must be address:port, as in `127.0.0.1:8080`"
            )
        }
        listenHost = String(listen[..<colon]).trimmingBrackets
        listenPort = port
        dataDirectory = checked.text("data_dir") ?? "./data"
        databaseURL = checked.text("database_url")
        if let url = databaseURL, !url.hasPrefix("postgresql://"), !url.hasPrefix("postgres://") {
            throw SettingsError(
                "`database_url` at \(checked.origin(of: "database_url")) must begin with `postgresql://`")
        }
        modelsDirectory = checked.text("models_dir")
        decoder = checked.text("decoder").flatMap(DecoderPreference.init(rawValue:)) ?? .auto
        logLevel = checked.text("log_level") ?? "info"
        workerConcurrency = Int(checked.number("worker_concurrency") ?? 2)
        liveTranscodes = Int(checked.number("live_transcodes") ?? 2)
        segmentSeconds = checked.number("segment_seconds") ?? 60
        activityDays = checked.number("activity_days") ?? 90
        let exports = checked.group("exports")
        exportKeepSeconds = (exports?.number("keep_hours") ?? 72) * 3600
        exportMostBytes = Int64((exports?.number("max_gigabytes") ?? 50) * 1e9)
        siteName = checked.group("site")?.text("name") ?? "home"
        siteTimeZone = checked.group("site")?.text("time_zone") ?? "UTC"
        cameras = try checked.groups("cameras").map { (entry) throws(SettingsError) in try Self.camera(entry) }
        var analyzers = try checked.groups("analyzers").map { (entry) throws(SettingsError) in
            try Self.analyzer(entry)
        }
        if analyzers.isEmpty {
            analyzers = [AnalyzerEntry(name: "local", kind: .embedded, timeoutSeconds: 60)]
        }
        self.analyzers = analyzers
        let policy = checked.group("policy")
        policyMode = policy?.text("mode").flatMap(Policy.Mode.init(rawValue:)) ?? .single
        policyAnalyzers = policy?.texts("analyzers") ?? [analyzers[0].name]
        let whereFrom = policy?.origin(of: "analyzers") ?? checked.origin
        for name in policyAnalyzers where !analyzers.contains(where: { $0.name == name }) {
            throw SettingsError(
                "`policy.analyzers` names `\(name)` at \(whereFrom), but `analyzers` has only: \(analyzers.map(\.name).joined(separator: ", "))"
            )
        }
        if policyAnalyzers.count != policyMode.analyzerCount {
            throw SettingsError(
                "`policy.analyzers` has \(policyAnalyzers.count) entries at \(whereFrom), but mode `\(policyMode.rawValue)` takes exactly \(policyMode.analyzerCount)"
            )
        }
        let definition = checked.group("definition")
        definitionNormal = definition?.text("normal") ?? ""
        let labels = (definition?.texts("labels") ?? []).map { String($0.lowercased().trimmed) }
        if labels.isEmpty || labels.contains(where: { $0.isEmpty || $0.count > 64 }) || labels.count > 64 {
            throw SettingsError(
                "`definition.labels` at \(definition?.origin(of: "labels") ?? checked.origin) must be 1 to 64 words of at most 64 letters"
            )
        }
        definitionLabels = labels
        network = try NetworkSettings(checked)
    }

    private static func camera(_ entry: CheckedSettings) throws(SettingsError) -> CameraEntry {
        let name = entry.text("name") ?? ""
        if let problem = CameraRules.problem(name: name) {
            throw SettingsError("camera name `\(name)` at \(entry.origin(of: "name")): \(problem)")
        }
        let url = entry.text("url") ?? ""
        if let problem = CameraRules.problem(url: url) {
            throw SettingsError("`url` of camera `\(name)` at \(entry.origin(of: "url")): \(problem)")
        }
        var settings = CameraSettings(url: url)
        settings.transport = entry.text("transport").flatMap(SourceLocation.Transport.init(rawValue:)) ?? .tcp
        if let text = entry.text("certificate") {
            guard let trust = CertificateTrust(text) else {
                throw SettingsError(
                    "`certificate` of camera `\(name)` at \(entry.origin(of: "certificate")) \(CertificateTrust.rule)")
            }
            settings.certificate = trust
        }
        if let detect = entry.text("detect_url") {
            if let problem = CameraRules.problem(url: detect) {
                throw SettingsError("`detect_url` of camera `\(name)` at \(entry.origin(of: "detect_url")): \(problem)")
            }
            settings.detectURL = detect
            settings.analysis = .substream
        }
        settings.analysis = entry.text("analysis").flatMap(AnalysisMode.init(rawValue:)) ?? settings.analysis
        if settings.analysis == .substream, settings.detectURL == nil {
            throw SettingsError(
                "`analysis: substream` of camera `\(name)` at \(entry.origin(of: "analysis")) needs a `detect_url`")
        }
        settings.record = entry.text("record").flatMap(RecordMode.init(rawValue:)) ?? settings.record
        for bound in CameraRules.bounds {
            if let number = entry.number(bound.key) { settings[keyPath: bound.field] = number }
        }
        settings.tamper = entry.flag("tamper") ?? settings.tamper
        settings.audioTrigger = try audioTrigger(entry, of: name)
        settings.schedule = try schedule(entry, of: name)
        settings.zones = entry.groups("zones").map { zone in
            Zone(
                name: zone.text("name") ?? "", kind: zone.text("kind").flatMap(Zone.Kind.init(rawValue:)) ?? .include,
                points: zone.points("points").map { Zone.Point(x: $0.x, y: $0.y) },
                sensitivity: zone.number("sensitivity"), minimumArea: zone.number("minimum_area"))
        }
        if let complaint = ZoneRules.complaints(settings.zones).first {
            throw SettingsError(
                "`\(complaint.field)` of camera `\(name)` at \(entry.origin(of: "zones")) \(complaint.message)")
        }
        return CameraEntry(
            name: name, enabled: entry.flag("enabled") ?? true, settings: settings, keepsZones: !entry.has("zones"),
            keepsSchedule: !entry.has("schedule"))
    }

    /// Nil where it is left out.
    private static func audioTrigger(
        _ entry: CheckedSettings, of camera: String
    ) throws(SettingsError) -> AudioTrigger? {
        guard let group = entry.group("audio_trigger") else { return nil }
        guard let level = group.number("level_dbfs") else {
            guard !entry.isGiven("audio_trigger") else {
                throw SettingsError(
                    "`audio_trigger` of camera `\(camera)` at \(entry.origin(of: "audio_trigger")) needs `level_dbfs`, as in "
                        + "`audio_trigger: {level_dbfs: -30}`")
            }
            return nil
        }
        var trigger = AudioTrigger(levelDBFS: level)
        for bound in AudioTriggerRules.bounds {
            if let number = group.number(bound.key) { trigger[keyPath: bound.field] = number }
        }
        return trigger
    }

    private static func schedule(_ entry: CheckedSettings, of camera: String) throws(SettingsError) -> [ScheduleRule] {
        func refused(_ field: String, _ problem: String) -> SettingsError {
            SettingsError("`\(field)` of camera `\(camera)` at \(entry.origin(of: "schedule")) \(problem)")
        }
        var rules: [ScheduleRule] = []
        for (index, rule) in entry.groups("schedule").enumerated() {
            let place = "schedule[\(index)]"
            let moment: ScheduleRule.Moment
            switch (rule.text("at"), rule.number("every_seconds")) {
            case (let text?, nil):
                guard let minute = ScheduleRules.minute(ofDay: text) else {
                    throw refused("\(place).at", "must be a time of day in quotes, as in `\"06:30\"`")
                }
                moment = .at(minute: minute)
            case (nil, let seconds?): moment = .every(seconds: Int(seconds))
            default: throw refused(place, "needs `at` or `every_seconds`, and not both")
            }
            let words = rule.texts("days") ?? []
            let days = words.compactMap(ScheduleRule.Weekday.init(rawValue:))
            if days.count < words.count {
                throw refused(
                    "\(place).days",
                    "must be some of " + ScheduleRule.Weekday.allCases.map(\.rawValue).joined(separator: ", "))
            }
            rules.append(
                ScheduleRule(
                    name: rule.text("name") ?? "", moment: moment, days: Set(days),
                    seconds: rule.number("duration_seconds") ?? TriggerRules.standardSeconds))
        }
        if let complaint = ScheduleRules.complaints(rules).first { throw refused(complaint.field, complaint.message) }
        return rules
    }

    private static func analyzer(_ entry: CheckedSettings) throws(SettingsError) -> AnalyzerEntry {
        let name = entry.text("name") ?? ""
        let kind = entry.text("kind").flatMap(Analyzer.Kind.init(rawValue:)) ?? .embedded
        let baseURL = entry.text("base_url")
        if kind == .openai {
            guard let baseURL, baseURL.hasPrefix("http://") || baseURL.hasPrefix("https://") else {
                throw SettingsError(
                    "`base_url` of analyzer `\(name)` at \(entry.origin(of: "base_url")) must be an http:// or https:// address"
                )
            }
            guard entry.text("model") != nil else {
                throw SettingsError("`model` of analyzer `\(name)` is missing at \(entry.origin)")
            }
        }
        return AnalyzerEntry(
            name: name, kind: kind, baseURL: baseURL, model: entry.text("model"), apiKey: entry.text("api_key"),
            timeoutSeconds: entry.number("timeout_seconds") ?? 60,
            budget: AnalyzerBudget(
                concurrency: entry.number("max_concurrency").map { Int($0) },
                requestsPerMinute: entry.number("requests_per_minute").map { Int($0) },
                tokensPerMinute: entry.number("tokens_per_minute").map { Int($0) },
                moneyPerDay: entry.number("money_per_day"), promptPrice: entry.number("prompt_price") ?? 0,
                completionPrice: entry.number("completion_price") ?? 0),
            maximumPictures: entry.number("max_pictures").map { Int($0) },
            connection: try connection(entry, of: name), certificateFile: entry.text("ca_file"))
    }

    private static func connection(
        _ entry: CheckedSettings, of name: String
    ) throws(SettingsError) -> AnalyzerConnection {
        let proxy = entry.text("proxy")
        if let complaint = proxy.flatMap({ AnalyzerConnection.complaint(proxy: $0) }) {
            throw SettingsError("`proxy` of analyzer `\(name)` at \(entry.origin(of: "proxy")) \(complaint)")
        }
        let headers = try entry.groups("headers").map { (header) throws(SettingsError) in
            let given = AnalyzerConnection.Header(name: header.text("name") ?? "", value: header.text("value") ?? "")
            if let complaint = AnalyzerConnection.complaint(header: given.name, value: given.value) {
                throw SettingsError(
                    "the header `\(given.name)` of analyzer `\(name)` at \(header.origin) \(complaint)")
            }
            return given
        }
        return AnalyzerConnection(
            headers: headers, proxy: proxy, connectTimeoutSeconds: entry.number("connect_timeout_seconds") ?? 10,
            firstByteTimeoutSeconds: entry.number("first_byte_timeout_seconds"),
            pictureSidePixels: entry.number("picture_side").map { Int($0) },
            detail: entry.text("picture_detail").flatMap(AnalyzerConnection.Detail.init(rawValue:)))
    }
}

extension String {
    /// `[::1]` as `::1`.
    fileprivate var trimmingBrackets: String {
        hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : self
    }
}
