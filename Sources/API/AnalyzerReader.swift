import Domain

/// Lays the fields of a body over an analyzer.
enum AnalyzerReader {
    /// What was read may be sent back.
    static let readOnlyFields: Set<String> = [
        "id", "kind", "detail", "lesser", "has_key", "header_names", "read_only", "revision", "usage",
    ]

    static func read(_ fields: inout FieldReader, into analyzer: inout Analyzer) {
        let before = analyzer
        if let name = fields.text("name", maximumLength: 100) {
            if name.isEmpty || name.contains("+") { fields.complain("name", "must have 1 to 100 characters, and no +") }
            analyzer.name = name
        }
        analyzer.baseURL = address("base_url", &fields, before.baseURL)
        if fields.has("model") { analyzer.model = fields.text("model", maximumLength: 200, nullable: true) }
        let givesKey = fields.has("api_key")
        if givesKey {
            let key = fields.text("api_key", maximumLength: 4000, nullable: true)
            if key?.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) == true {
                fields.complain("api_key", "must be one line")
            }
            analyzer.apiKey = key.flatMap { $0.isEmpty ? nil : $0 }
        }
        analyzer.timeoutSeconds = fields.number("timeout_seconds", in: 1...600) ?? analyzer.timeoutSeconds
        if fields.has("max_pictures") { analyzer.maximumPictures = fields.integer("max_pictures", in: 1...64) }
        let given = connection(&fields, into: &analyzer.connection)
        if fields.isThere("budget") {
            analyzer.budget = fields.object("budget") { budget(&$0, over: analyzer.budget) }
        }
        switch analyzer.kind {
        case .openai:
            let url = analyzer.baseURL ?? ""
            if !url.hasPrefix("http://"), !url.hasPrefix("https://") {
                fields.complain("base_url", "must begin with http:// or https://, and end before /chat/completions")
            }
        case .embedded:
            if analyzer.baseURL != nil || analyzer.model != nil || analyzer.apiKey != nil
                || analyzer.connection != AnalyzerConnection()
            {
                fields.complain("kind", "an embedded analyzer has no server: no base_url, model, key, headers or proxy")
            }
        }
        // Else whoever may change the way could have the secrets sent to a server of their own.
        guard way(analyzer) != way(before) else { return }
        if before.apiKey != nil, !givesKey {
            fields.complain("api_key", "give the key again (or null): the stored one is not sent another way")
        }
        for header in before.connection.headers where !given.contains(header.name.lowercased()) {
            fields.complain(
                "headers.\(header.name)", "give the value again (or null): the stored one is not sent another way")
        }
    }

    /// An address that may hold a password: what was read, with it masked, may be sent back.
    private static func address(_ name: String, _ fields: inout FieldReader, _ present: String?) -> String? {
        guard fields.has(name) else { return present }
        let given = fields.text(name, maximumLength: 2000, nullable: true)
        return given != nil && given == present.map { CameraRules.masked(url: $0) } ? present : given
    }

    /// Where a secret would go: server, proxy, and whose certificates are believed.
    private static func way(_ analyzer: Analyzer) -> [String?] {
        [analyzer.baseURL.flatMap(origin), analyzer.connection.proxy, analyzer.connection.certificateAuthorities]
    }

    /// Scheme, host and port.
    private static func origin(_ url: String) -> String? {
        let parts = url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        return (parts[0] + "//" + parts[2].prefix { !"/?#".contains($0) }).lowercased()
    }

    /// The names of the headers that the body has, in lower case.
    private static func connection(
        _ fields: inout FieldReader, into connection: inout AnalyzerConnection
    ) -> Set<String> {
        connection.proxy = address("proxy", &fields, connection.proxy)
        if let complaint = connection.proxy.flatMap({ AnalyzerConnection.complaint(proxy: $0) }) {
            fields.complain("proxy", complaint)
        }
        if fields.has("certificate_authorities") {
            connection.certificateAuthorities = fields.text(
                "certificate_authorities", maximumLength: 1 << 20, nullable: true)
            if let complaint = connection.certificateAuthorities.flatMap({
                AnalyzerConnection.complaint(certificates: $0)
            }) {
                fields.complain("certificate_authorities", complaint)
            }
        }
        connection.connectTimeoutSeconds =
            fields.number("connect_timeout_seconds", in: AnalyzerConnection.connectTimeouts)
            ?? connection.connectTimeoutSeconds
        if fields.has("first_byte_timeout_seconds") {
            connection.firstByteTimeoutSeconds = fields.number(
                "first_byte_timeout_seconds", in: AnalyzerConnection.firstByteTimeouts, nullable: true)
        }
        if fields.has("picture_side_pixels") {
            connection.pictureSidePixels = fields.integer("picture_side_pixels", in: AnalyzerConnection.pictureSides)
        }
        if fields.has("picture_detail") {
            connection.detail =
                fields.isThere("picture_detail")
                ? fields.choice("picture_detail", AnalyzerConnection.Detail.self) : nil
        }
        return headers(&fields, into: &connection)
    }

    /// A map by name: null removes one, null for all of it removes all.
    private static func headers(
        _ fields: inout FieldReader, into connection: inout AnalyzerConnection
    ) -> Set<String> {
        guard fields.has("headers") else { return [] }
        guard let map = fields.object("headers", nullable: true) else {
            let names = connection.headers.map { $0.name.lowercased() }
            if !fields.isThere("headers") { connection.headers = [] }
            return Set(names)
        }
        for name in map.keys.sorted() {
            connection.headers.removeAll { $0.name.lowercased() == name.lowercased() }
            switch map[name] {
            case .text(let value)?:
                if let complaint = AnalyzerConnection.complaint(header: name, value: value) {
                    fields.complain("headers", "\"\(name.prefix(100))\" \(complaint)")
                }
                connection.headers.append(.init(name: name, value: value))
            case .null?, nil: break
            default: fields.complain("headers", "must have texts as values")
            }
        }
        if connection.headers.count > AnalyzerConnection.mostHeaders {
            fields.complain("headers", "must be at most \(AnalyzerConnection.mostHeaders)")
        }
        return Set(map.keys.map { $0.lowercased() })
    }

    private static func budget(_ fields: inout FieldReader, over present: AnalyzerBudget) -> AnalyzerBudget {
        var budget = present
        if fields.has("max_concurrency") { budget.concurrency = fields.integer("max_concurrency", in: 1...1000) }
        if fields.has("requests_per_minute") {
            budget.requestsPerMinute = fields.integer("requests_per_minute", in: 1...1_000_000)
        }
        if fields.has("tokens_per_minute") {
            budget.tokensPerMinute = fields.integer("tokens_per_minute", in: 1...2_000_000_000)
        }
        if fields.has("money_per_day") {
            budget.moneyPerDay = fields.number("money_per_day", in: 0...1e9, nullable: true)
        }
        budget.promptPrice = fields.number("prompt_price", in: 0...1e6) ?? budget.promptPrice
        budget.completionPrice = fields.number("completion_price", in: 0...1e6) ?? budget.completionPrice
        return budget
    }
}
