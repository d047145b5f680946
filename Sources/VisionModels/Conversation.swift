internal import CurlKit
internal import Domain
internal import FoundationEssentials

/// What is asked of a server for one event, and how it changes for the repair attempt and for what the server does not take.
struct Conversation {
    var shape: RequestShape {
        didSet { if shape.maximumPictures != oldValue.maximumPictures { fit() } }
    }
    private let configuration: OpenAICompatibleModel.Configuration
    private let given: JudgeRequest
    private let url: @Sendable (_ jpeg: [UInt8], _ name: String) -> String
    /// With the pictures that are sent.
    private(set) var judged: JudgeRequest
    private(set) var prompt: Prompt
    private var corrections: [JSONText] = []
    /// An answer has at most this many.
    private(set) var maximumTokens: Int

    /// `url` makes a picture's address from its bytes and name.
    init(
        _ request: JudgeRequest, _ configuration: OpenAICompatibleModel.Configuration, shape: RequestShape,
        url: @escaping @Sendable (_ jpeg: [UInt8], _ name: String) -> String = { jpeg, _ in
            "data:image/jpeg;base64," + Data(jpeg).base64EncodedString()
        }
    ) {
        self.configuration = configuration
        self.shape = shape
        self.shape.hasDetail = shape.hasDetail && configuration.connection.detail != nil
        self.url = url
        given = request
        judged = request
        prompt = Prompt(request)
        maximumTokens = configuration.maximumTokens
        fit()
    }

    /// In the request.
    var pictureCount: Int { judged.pictures.count + judged.references.count }

    private mutating func fit() {
        let limits = [configuration.maximumPictures, shape.maximumPictures].compactMap { $0 }
        judged = given.fitted(to: limits.min())
        prompt = Prompt(judged)
    }

    /// Prepares the second attempt: a cut answer gets more room, a wrong one is shown to the model with what is wrong.
    mutating func repair(_ completion: ChatCompletion, problem: String) {
        if completion.isCut {
            maximumTokens = configuration.maximumTokens.multipliedReportingOverflow(by: 3).partialValue
            return
        }
        corrections.append(
            .members(["role": "assistant", "content": .string(String(completion.content.prefix(2000)))]))
        corrections.append(
            .members([
                "role": "user",
                "content": .string(
                    "That answer is not usable: \(problem). Answer again, with the JSON object only."),
            ]))
    }

    func request() -> HTTPRequest {
        let connection = configuration.connection
        var body: [JSONText.Member] = [
            .init(name: "model", value: .string(configuration.model)),
            .init(name: "messages", value: .array(messages() + corrections)),
            .init(name: shape.maximumTokensKey, value: .integer(maximumTokens)),
            .init(name: "stream", value: .bool(false)),
        ]
        if shape.hasTemperature { body.append(.init(name: "temperature", value: .integer(0))) }
        if let format = AnswerSchema.responseFormat(shape.form, labels: judged.definition.labels) {
            body.append(.init(name: "response_format", value: format))
        }
        var headers = [(name: "Content-Type", value: "application/json"), (name: "Accept", value: "application/json")]
        let own = connection.headers.map { (name: $0.name, value: $0.value) }
        if let key = configuration.apiKey, !key.isEmpty,
            !own.contains(where: { $0.name.lowercased() == "authorization" })
        {
            headers.append(("Authorization", "Bearer \(key)"))
        }
        return HTTPRequest(
            method: .post, url: ChatEndpoint.url(configuration.baseURL), headers: headers + own,
            body: JSONText.object(body).bytes,
            connectTimeoutSeconds: min(connection.connectTimeoutSeconds, configuration.timeoutSeconds),
            timeoutSeconds: configuration.timeoutSeconds, maximumResponseBytes: configuration.maximumResponseBytes,
            firstByteTimeoutSeconds: connection.firstByteTimeoutSeconds, proxy: connection.proxy,
            certificateAuthorities: connection.certificateAuthorities.map { Array($0.utf8) })
    }

    private func messages() -> [JSONText] {
        var parts: [JSONText] = []
        func show(_ caption: String, _ jpeg: [UInt8], _ name: String) {
            parts.append(Self.text(caption))
            var image: [JSONText.Member] = [.init(name: "url", value: .string(url(jpeg, name)))]
            if let detail = configuration.connection.detail, shape.hasDetail {
                image.append(.init(name: "detail", value: .string(detail.rawValue)))
            }
            parts.append(.members(["type": "image_url", "image_url": .object(image)]))
        }
        if !shape.hasSystemRole { parts.append(Self.text(prompt.system)) }
        if let introduction = prompt.introduction { parts.append(Self.text(introduction)) }
        for (caption, reference) in zip(prompt.referenceCaptions, judged.references) {
            show(caption, reference.jpeg, reference.name)
        }
        parts.append(Self.text(prompt.opening))
        for (caption, picture) in zip(prompt.captions, judged.pictures) { show(caption, picture.jpeg, picture.name) }
        let user = JSONText.members(["role": "user", "content": .array(parts)])
        return shape.hasSystemRole
            ? [.members(["role": "system", "content": .string(prompt.system)]), user] : [user]
    }

    private static func text(_ text: String) -> JSONText {
        .members(["type": "text", "text": .string(text)])
    }
}
