internal import Domain

/// The JSON schema a model's answer is held to, where the server can do that.
///
/// Only keywords that llama.cpp, vLLM and OpenAI's strict mode all take. The answer is checked again on our side: not
/// every server enforces bounds of numbers.
enum AnswerSchema {
    static let summaryCharacters = 200
    static let reasonCharacters = 500

    static func responseFormat(labels: [String]) -> JSONText {
        .members([
            "type": "json_schema",
            "json_schema": .members(["name": "judgement", "strict": .bool(true), "schema": schema(labels: labels)]),
        ])
    }

    static func schema(labels: [String]) -> JSONText {
        var properties: [JSONText.Member] = [
            .init(name: "summary", value: text(limit: summaryCharacters)),
            .init(name: "reason", value: text(limit: reasonCharacters)),
        ]
        // An empty enumeration is not a valid schema.
        if !labels.isEmpty {
            properties.append(
                .init(
                    name: "labels",
                    value: .members([
                        "type": "array", "maxItems": .integer(labels.count),
                        "items": .members(["type": "string", "enum": .array(labels.map { .string($0) })]),
                    ])))
        }
        let states = Verdict.State.allCases.map { JSONText.string($0.rawValue) }
        properties.append(.init(name: "state", value: .members(["type": "string", "enum": .array(states)])))
        properties.append(
            .init(
                name: "confidence",
                value: .members(["type": "number", "minimum": .integer(0), "maximum": .integer(1)])))
        return .members([
            "type": "object", "additionalProperties": .bool(false),
            "required": .array(properties.map { .string($0.name) }), "properties": .object(properties),
        ])
    }

    private static func text(limit: Int) -> JSONText {
        .members(["type": "string", "maxLength": .integer(limit)])
    }
}

extension JSONText: ExpressibleByStringLiteral {
    init(stringLiteral value: String) { self = .string(value) }
}
