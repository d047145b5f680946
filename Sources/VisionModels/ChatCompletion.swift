/// The parts of a chat completion's response that matter here.
struct ChatCompletion: Sendable, Hashable {
    /// What the model wrote; empty if nothing.
    var content: String
    /// The model's own refusal, where the server tells it apart.
    var refusal: String?
    /// The answer was cut because `max_tokens` was reached.
    var isCut: Bool
    /// A filter of the server ended the answer.
    var isFiltered: Bool
    var model: String?
    var promptTokens: Int?
    var completionTokens: Int?

    /// Nil if the body is no chat completion.
    init?(body: [UInt8]) {
        guard let root = JSONValue(bytes: body), let choice = root["choices"]?[0], let message = choice["message"]
        else {
            return nil
        }
        switch message["content"] {
        case .string(let text): content = text
        case .array(let parts): content = parts.compactMap { $0["text"]?.string }.joined()
        default: content = ""
        }
        refusal = message["refusal"]?.string
        isCut = choice["finish_reason"]?.string == "length"
        isFiltered = choice["finish_reason"]?.string == "content_filter"
        model = root["model"]?.string.map { Answer.clean($0, limit: 200) }
        promptTokens = root["usage"]?["prompt_tokens"]?.count
        completionTokens = root["usage"]?["completion_tokens"]?.count
    }
}
