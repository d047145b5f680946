internal import CurlKit
internal import Domain
internal import FoundationEssentials

/// What is asked of a server for one event, and how it changes for the repair attempt.
struct Conversation {
    var shape = RequestShape()
    private let configuration: OpenAICompatibleModel.Configuration
    private let labels: [String]
    private var messages: [JSONText]
    /// An answer has at most this many.
    private(set) var maximumTokens: Int

    /// `url` makes a picture's address from its bytes and name.
    init(
        _ prompt: Prompt, _ request: JudgeRequest, _ configuration: OpenAICompatibleModel.Configuration,
        url: (_ jpeg: [UInt8], _ name: String) -> String = { jpeg, _ in
            "data:image/jpeg;base64," + Data(jpeg).base64EncodedString()
        }
    ) {
        self.configuration = configuration
        labels = request.definition.labels
        maximumTokens = configuration.maximumTokens
        var parts: [JSONText] = []
        func show(_ caption: String, _ jpeg: [UInt8], _ name: String) {
            parts.append(Self.text(caption))
            parts.append(
                .members(["type": "image_url", "image_url": .members(["url": .string(url(jpeg, name))])]))
        }
        if let introduction = prompt.introduction { parts.append(Self.text(introduction)) }
        for (caption, reference) in zip(prompt.referenceCaptions, request.references) {
            show(caption, reference.jpeg, reference.name)
        }
        parts.append(Self.text(prompt.opening))
        for (caption, picture) in zip(prompt.captions, request.pictures) { show(caption, picture.jpeg, picture.name) }
        messages = [
            .members(["role": "system", "content": .string(prompt.system)]),
            .members(["role": "user", "content": .array(parts)]),
        ]
    }

    /// Prepares the second attempt: a cut answer gets more room, a wrong one is shown to the model with what is wrong.
    mutating func repair(_ completion: ChatCompletion, problem: String) {
        if completion.isCut {
            maximumTokens = configuration.maximumTokens.multipliedReportingOverflow(by: 3).partialValue
            return
        }
        messages.append(
            .members(["role": "assistant", "content": .string(String(completion.content.prefix(2000)))]))
        messages.append(
            .members([
                "role": "user",
                "content": .string(
                    "That answer is not usable: \(problem). Answer again, with the JSON object only."),
            ]))
    }

    func request() -> HTTPRequest {
        var body: [JSONText.Member] = [
            .init(name: "model", value: .string(configuration.model)),
            .init(name: "messages", value: .array(messages)),
            .init(name: shape.maximumTokensKey, value: .integer(maximumTokens)),
            .init(name: "stream", value: .bool(false)),
        ]
        if shape.hasTemperature { body.append(.init(name: "temperature", value: .integer(0))) }
        if shape.hasSchema {
            body.append(.init(name: "response_format", value: AnswerSchema.responseFormat(labels: labels)))
        }
        var headers = [(name: "Content-Type", value: "application/json"), (name: "Accept", value: "application/json")]
        if let key = configuration.apiKey, !key.isEmpty { headers.append(("Authorization", "Bearer \(key)")) }
        let base =
            configuration.baseURL.hasSuffix("/") ? String(configuration.baseURL.dropLast()) : configuration.baseURL
        return HTTPRequest(
            method: .post, url: base + "/chat/completions", headers: headers, body: JSONText.object(body).bytes,
            connectTimeoutSeconds: min(10, configuration.timeoutSeconds),
            timeoutSeconds: configuration.timeoutSeconds, maximumResponseBytes: configuration.maximumResponseBytes)
    }

    private static func text(_ text: String) -> JSONText {
        .members(["type": "text", "text": .string(text)])
    }
}
