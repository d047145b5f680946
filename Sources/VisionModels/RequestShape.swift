/// What a server was found not to take; each is left out or replaced after the server has complained of it, once.
struct RequestShape: Sendable, Hashable {
    var hasSchema = true
    var hasTemperature = true
    var maximumTokensKey = "max_tokens"

    /// The shape to try after a refusal with status 400 or 422 and this message; nil if nothing helps.
    func adapted(to message: String) -> RequestShape? {
        let message = message.lowercased()
        var shape = self
        let schemaWords = ["response_format", "json_schema", "json schema", "schema", "grammar", "structured output"]
        if hasSchema, schemaWords.contains(where: message.contains) {
            shape.hasSchema = false
        } else if maximumTokensKey == "max_tokens", message.contains("max_completion_tokens") {
            shape.maximumTokensKey = "max_completion_tokens"
        } else if hasTemperature, message.contains("temperature") {
            shape.hasTemperature = false
        } else {
            return nil
        }
        return shape
    }
}
