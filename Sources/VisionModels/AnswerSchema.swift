internal import Domain

/// The JSON schema a model's answer is held to, where the server can do that.
///
/// Only keywords that llama.cpp and vLLM take; for servers that know fewer there are lesser forms. The answer is checked again
/// on our side: not every server enforces bounds of numbers.
enum AnswerSchema {
    static let summaryCharacters = 200
    static let reasonCharacters = 500

    /// Nil for a form that has none.
    static func responseFormat(_ form: RequestShape.Form, labels: [String]) -> JSONText? {
        switch form {
        case .words: return nil
        case .object: return .members(["type": "json_object"])
        case .bounded, .unbounded, .plain:
            var members: [JSONText.Member] = [.init(name: "name", value: "judgement")]
            if form < .plain { members.append(.init(name: "strict", value: .bool(true))) }
            members.append(.init(name: "schema", value: schema(labels: labels, form)))
            return .members(["type": "json_schema", "json_schema": .object(members)])
        }
    }

    static func schema(labels: [String], _ form: RequestShape.Form = .bounded) -> JSONText {
        var properties: [JSONText.Member] = [
            .init(name: "summary", value: text(limit: summaryCharacters, form)),
            .init(name: "reason", value: text(limit: reasonCharacters, form)),
        ]
        // An empty enumeration is not a valid schema.
        if !labels.isEmpty {
            var array: [JSONText.Member] = [.init(name: "type", value: "array")]
            if form == .bounded { array.append(.init(name: "maxItems", value: .integer(labels.count))) }
            array.append(
                .init(
                    name: "items",
                    value: .members(["type": "string", "enum": .array(labels.map { .string($0) })])))
            properties.append(.init(name: "labels", value: .object(array)))
        }
        let states = Verdict.State.allCases.map { JSONText.string($0.rawValue) }
        properties.append(.init(name: "state", value: .members(["type": "string", "enum": .array(states)])))
        properties.append(
            .init(
                name: "confidence",
                value: form == .bounded
                    ? .members(["type": "number", "minimum": .integer(0), "maximum": .integer(1)])
                    : .members(["type": "number"])))
        var schema: [JSONText.Member] = [.init(name: "type", value: "object")]
        if form < .plain { schema.append(.init(name: "additionalProperties", value: .bool(false))) }
        schema.append(.init(name: "required", value: .array(properties.map { .string($0.name) })))
        schema.append(.init(name: "properties", value: .object(properties)))
        return .object(schema)
    }

    private static func text(limit: Int, _ form: RequestShape.Form) -> JSONText {
        form == .bounded ? .members(["type": "string", "maxLength": .integer(limit)]) : .members(["type": "string"])
    }
}

extension JSONText: ExpressibleByStringLiteral {
    init(stringLiteral value: String) { self = .string(value) }
}
