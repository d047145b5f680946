internal import Domain
internal import FoundationEssentials
internal import PostgresKit

/// A row of `analyzers`: the one list of its columns.
enum AnalyzerRow {
    /// What people configure; `values` is in this order.
    private static let settings = [
        "name", "kind", "base_url", "model", "api_key", "timeout_seconds", "max_concurrency", "requests_per_minute",
        "tokens_per_minute", "money_per_day", "prompt_price", "completion_price", "max_pictures", "headers", "proxy",
        "certificate_authorities", "connect_timeout_seconds", "first_byte_timeout_seconds", "picture_side_pixels",
        "picture_detail",
    ]

    /// Of `analyzers a`.
    static let columns = (["id", "organization_id"] + settings).map { "a.\($0)" }.joined(separator: ", ")

    /// `INSERT … VALUES (…)` of `values`; `source` is `settings` or `api`.
    static func insert(source: String) -> String {
        let names = ["id", "organization_id"] + settings
        return """
            INSERT INTO analyzers (\(names.joined(separator: ", ")), source)
            VALUES (\(names.indices.map { "$\($0 + 1)" }.joined(separator: ", ")), '\(source)')
            """
    }

    /// `name = …, kind = …` of the row that could not be inserted.
    static let replacement = settings.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    /// `name = $3, kind = $4 …`
    static let assignments = settings.enumerated().map { "\($0.element) = $\($0.offset + 3)" }.joined(separator: ", ")
    /// The parameter after `values`.
    static let next = settings.count + 3

    private struct HeaderDocument: Codable {
        var name: String
        var value: String
    }

    static func values(_ analyzer: Analyzer) throws -> [PostgresValue] {
        let budget = analyzer.budget
        let connection = analyzer.connection
        let headers = try JSONEncoder().encode(
            connection.headers.map { HeaderDocument(name: $0.name, value: $0.value) })
        return [
            .id(analyzer.id), .id(analyzer.organization), .text(analyzer.name), .text(analyzer.kind.rawValue),
            .optional(analyzer.baseURL) { .text($0) }, .optional(analyzer.model) { .text($0) },
            .optional(analyzer.apiKey) { .text($0) }, .double(analyzer.timeoutSeconds),
            .optional(budget.concurrency) { .int($0) }, .optional(budget.requestsPerMinute) { .int($0) },
            .optional(budget.tokensPerMinute) { .int($0) }, .optional(budget.moneyPerDay) { .double($0) },
            .double(budget.promptPrice), .double(budget.completionPrice),
            .optional(analyzer.maximumPictures) { .int($0) }, .json(String(decoding: headers, as: UTF8.self)),
            .optional(connection.proxy) { .text($0) }, .optional(connection.certificateAuthorities) { .text($0) },
            .double(connection.connectTimeoutSeconds),
            .optional(connection.firstByteTimeoutSeconds) { .double($0) },
            .optional(connection.pictureSidePixels) { .int($0) },
            .optional(connection.detail) { .text($0.rawValue) },
        ]
    }

    /// From `columns`.
    static func analyzer(_ row: Row) throws -> Analyzer {
        let headers = try JSONDecoder().decode(
            [HeaderDocument].self, from: Data(try row.get("headers", as: String.self).utf8))
        return Analyzer(
            id: try row.id("id"), organization: try row.id("organization_id"), name: try row.get("name"),
            kind: try row.word("kind"), baseURL: try row.optional("base_url"), model: try row.optional("model"),
            apiKey: try row.optional("api_key"), timeoutSeconds: try row.get("timeout_seconds"),
            budget: AnalyzerBudget(
                concurrency: try row.optional("max_concurrency"),
                requestsPerMinute: try row.optional("requests_per_minute"),
                tokensPerMinute: try row.optional("tokens_per_minute"),
                moneyPerDay: try row.optional("money_per_day"), promptPrice: try row.get("prompt_price"),
                completionPrice: try row.get("completion_price")),
            maximumPictures: try row.optional("max_pictures"),
            connection: AnalyzerConnection(
                headers: headers.map { .init(name: $0.name, value: $0.value) }, proxy: try row.optional("proxy"),
                certificateAuthorities: try row.optional("certificate_authorities"),
                connectTimeoutSeconds: try row.get("connect_timeout_seconds"),
                firstByteTimeoutSeconds: try row.optional("first_byte_timeout_seconds"),
                pictureSidePixels: try row.optional("picture_side_pixels"),
                detail: try row.optional("picture_detail", as: String.self).flatMap(
                    AnalyzerConnection.Detail.init(rawValue:))))
    }
}
