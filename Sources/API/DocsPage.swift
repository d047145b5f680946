import Foundation

/// The API's description as a page for people: made from the document, without scripts and without other hosts.
enum DocsPage {
    private struct Document: Decodable {
        struct Info: Decodable {
            var title: String
            var description: String
        }
        struct Tag: Decodable {
            var name: String
            var description: String
        }
        struct Content: Decodable {
            var schema: JSONValue?
            var example: JSONValue?
        }
        struct Answer: Decodable {
            var description: String?
            var ref: String?
            enum CodingKeys: String, CodingKey {
                case description
                case ref = "$ref"
            }
        }
        struct Operation: Decodable {
            struct Parameter: Decodable {
                var name: String?
                var description: String?
                var ref: String?
                enum CodingKeys: String, CodingKey {
                    case name, description
                    case ref = "$ref"
                }
            }
            struct Body: Decodable {
                var content: [String: Content]
            }
            var tags: [String]
            var operationId: String
            var summary: String
            var description: String?
            var role: String?
            var parameters: [Parameter]?
            var requestBody: Body?
            var responses: [String: Answer]
            enum CodingKeys: String, CodingKey {
                case tags, operationId, summary, description, parameters, requestBody, responses
                case role = "x-required-role"
            }
        }
        struct Item: Decodable {
            var get: Operation?
            var post: Operation?
            var put: Operation?
            var patch: Operation?
            var delete: Operation?
            var all: [(String, Operation)] {
                [("GET", get), ("POST", post), ("PUT", put), ("PATCH", patch), ("DELETE", delete)]
                    .compactMap { name, operation in operation.map { (name, $0) } }
            }
        }
        var info: Info
        var tags: [Tag]
        var paths: [String: Item]
    }

    static func make(from openAPI: [UInt8]) -> String {
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(openAPI)) else {
            return "<!doctype html><title>API</title><p>See <a href=\"/openapi.json\">openapi.json</a>."
        }
        var html = """
            <!doctype html><html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(escaped(document.info.title)) API</title><link rel="icon" href="/favicon.svg" type="image/svg+xml">
            <link rel="stylesheet" href="/css/base.css"><link rel="stylesheet" href="/css/docs.css"></head>
            <body class="docs"><main><h1>\(escaped(document.info.title)) API</h1>
            <p>\(text(document.info.description))</p>
            <p>For programs: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
            """
        for tag in document.tags {
            html += "<section><h2>\(escaped(tag.name))</h2><p>\(text(tag.description))</p>"
            for (path, item) in document.paths.sorted(by: { $0.key < $1.key }) {
                for (method, operation) in item.all where operation.tags.first == tag.name {
                    html += block(method, path, operation)
                }
            }
            html += "</section>"
        }
        return html + "</main></body></html>"
    }

    private static func block(_ method: String, _ path: String, _ operation: Document.Operation) -> String {
        var html = """
            <details id="\(escaped(operation.operationId))"><summary><code>\(method) \(escaped(path))</code> \
            \(text(operation.summary))</summary>
            <p>\(operation.role.map { "Needs the role <b>\(escaped($0))</b>." } ?? "Open to everybody.")</p>
            """
        if let description = operation.description { html += "<p>\(text(description))</p>" }
        let parameters = (operation.parameters ?? []).map { parameter in
            parameter.name.map { "<code>\(escaped($0))</code> \(text(parameter.description ?? ""))" }
                ?? "<code>\(escaped(last(parameter.ref)))</code>"
        }
        if !parameters.isEmpty {
            html += "<h3>Parameters</h3><ul>" + parameters.map { "<li>\($0)</li>" }.joined() + "</ul>"
        }
        if let content = operation.requestBody?.content.sorted(by: { $0.key < $1.key }).first {
            var name = ""
            if case .object(let schema)? = content.value.schema, case .text(let ref)? = schema["$ref"] {
                name = last(ref)
            }
            html += "<h3>Body</h3><p><code>\(escaped(content.key))</code> <code>\(escaped(name))</code></p>"
        }
        let answers = operation.responses.sorted { $0.key < $1.key }.map { status, answer in
            "<li><code>\(escaped(status))</code> \(text(answer.description ?? last(answer.ref)))</li>"
        }
        return html + "<h3>Answers</h3><ul>" + answers.joined() + "</ul></details>"
    }

    private static func last(_ reference: String?) -> String {
        reference?.split(separator: "/").last.map(String.init) ?? ""
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }

    /// With `code` in backquotes.
    private static func text(_ markdown: String) -> String {
        escaped(markdown).split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .map { $0.offset % 2 == 0 ? String($0.element) : "<code>\($0.element)</code>" }.joined()
    }
}
