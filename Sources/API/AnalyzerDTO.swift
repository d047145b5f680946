import Domain

/// An analyzer as clients see it: without its key and its headers' values.
struct AnalyzerDTO: Encodable, Sendable {
    struct BudgetDTO: Encodable, Sendable {
        @Nullable var maxConcurrency: Int?
        @Nullable var requestsPerMinute: Int?
        @Nullable var tokensPerMinute: Int?
        @Nullable var moneyPerDay: Double?
        var promptPrice: Double
        var completionPrice: Double
    }
    struct UsageDTO: Encodable, Sendable {
        var requestsToday: Int
        var tokensToday: Int
        var moneyToday: Double
        var failuresInARow: Int
        @Nullable var blockedUntil: String?
    }
    var id: String
    var name: String
    var kind: String
    var detail: String
    var lesser: Bool
    @Nullable var baseUrl: String?
    @Nullable var model: String?
    var hasKey: Bool
    var timeoutSeconds: Double
    /// Names; the values are not told.
    var headerNames: [String]
    @Nullable var proxy: String?
    @Nullable var certificateAuthorities: String?
    var connectTimeoutSeconds: Double
    @Nullable var firstByteTimeoutSeconds: Double?
    @Nullable var maxPictures: Int?
    @Nullable var pictureSidePixels: Int?
    @Nullable var pictureDetail: String?
    var budget: BudgetDTO
    var usage: UsageDTO
    var readOnly: Bool
    var revision: Int64

    init(_ stored: StoredAnalyzer, _ status: AnalyzerStatus?) {
        let analyzer = stored.analyzer
        id = analyzer.id.description
        name = analyzer.name
        kind = analyzer.kind.rawValue
        detail = status?.detail ?? ""
        lesser = status?.lesser ?? false
        baseUrl = analyzer.baseURL.map { CameraRules.masked(url: $0) }
        model = analyzer.model
        hasKey = analyzer.apiKey != nil
        timeoutSeconds = analyzer.timeoutSeconds
        let connection = analyzer.connection
        headerNames = connection.headers.map(\.name)
        proxy = connection.proxy.map { CameraRules.masked(url: $0) }
        certificateAuthorities = connection.certificateAuthorities
        connectTimeoutSeconds = connection.connectTimeoutSeconds
        firstByteTimeoutSeconds = connection.firstByteTimeoutSeconds
        maxPictures = analyzer.maximumPictures
        pictureSidePixels = connection.pictureSidePixels
        pictureDetail = connection.detail?.rawValue
        budget = BudgetDTO(
            maxConcurrency: analyzer.budget.concurrency, requestsPerMinute: analyzer.budget.requestsPerMinute,
            tokensPerMinute: analyzer.budget.tokensPerMinute, moneyPerDay: analyzer.budget.moneyPerDay,
            promptPrice: analyzer.budget.promptPrice, completionPrice: analyzer.budget.completionPrice)
        usage = UsageDTO(
            requestsToday: stored.usage.requestsToday, tokensToday: stored.usage.tokensToday,
            moneyToday: stored.usage.moneyToday, failuresInARow: stored.usage.failures,
            blockedUntil: stored.usage.blockedUntil?.rfc3339)
        readOnly = stored.isFromSettings
        revision = stored.revision
    }
}

/// What came of trying an analyzer.
struct TestDTO: Encodable, Sendable {
    var ok: Bool
    /// Why it did not work.
    @Nullable var error: String?
    @Nullable var state: String?
    @Nullable var confidence: Double?
    @Nullable var labels: [String]?
    @Nullable var summary: String?
    @Nullable var reason: String?
    @Nullable var model: String?
    @Nullable var latencySeconds: Double?
    @Nullable var promptTokens: Int?
    @Nullable var completionTokens: Int?

    init(failure: String) {
        ok = false
        error = failure
    }

    init(_ judgement: Judgement) {
        ok = true
        state = judgement.state.rawValue
        confidence = rounded(judgement.confidence, 4)
        labels = judgement.labels
        summary = judgement.summary
        reason = judgement.reason
        model = judgement.model
        latencySeconds = rounded(judgement.latencySeconds, 3)
        promptTokens = judgement.promptTokens
        completionTokens = judgement.completionTokens
    }
}
