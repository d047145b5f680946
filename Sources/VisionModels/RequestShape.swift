/// What a server was found not to take; each is left out or replaced after the server has complained of it, once.
/// The servers and their words: `docs/reference/model-servers.md`.
struct RequestShape: Sendable, Hashable {
    /// How the answer's form is asked for, from the strictest on.
    enum Form: Int, Sendable, Hashable, Comparable {
        /// A JSON schema with lengths and ranges.
        case bounded
        /// Without these.
        case unbounded
        /// Also without `additionalProperties` and `strict`.
        case plain
        /// Only that it is to be JSON.
        case object
        /// In the prompt's words alone.
        case words

        static func < (one: Form, other: Form) -> Bool { one.rawValue < other.rawValue }
    }

    var form = Form.bounded
    var hasTemperature = true
    var maximumTokensKey = "max_tokens"
    /// False: the rules are put before the user's words.
    var hasSystemRole = true
    /// Where the analyzer has one.
    var hasDetail = true
    /// Of the server; nil: not known.
    var maximumPictures: Int?

    private static let boundWords = ["maxlength", "maxitems", "minimum", "maximum", "is not permitted"]
    private static let schemaWords = [
        "response_format", "response_schema", "json_schema", "json schema", "schema", "grammar", "structured output",
    ]

    /// The shape to try after a refusal of the request with this message; nil if nothing helps. `pictures` is how many were
    /// sent.
    func adapted(to message: String, pictures: Int) -> RequestShape? {
        let message = message.lowercased()
        var shape = self
        if let limit = Self.pictureLimit(message), limit > 0, limit < pictures {
            shape.maximumPictures = limit
        } else if hasSystemRole, message.contains("system role") || message.contains("role 'system'") {
            shape.hasSystemRole = false
        } else if let form = lesserForm(message) {
            shape.form = form
        } else if maximumTokensKey == "max_tokens", message.contains("max_completion_tokens") {
            shape.maximumTokensKey = "max_completion_tokens"
        } else if hasTemperature, message.contains("temperature") {
            shape.hasTemperature = false
        } else if hasDetail, message.contains("detail") {
            shape.hasDetail = false
        } else {
            return nil
        }
        return shape
    }

    private func lesserForm(_ message: String) -> Form? {
        guard form < .words else { return nil }
        let speaksOfSchema = Self.schemaWords.contains(where: message.contains)
        if form < .plain, message.contains("additional_properties") || message.contains("additionalproperties") {
            return .plain
        }
        if form < .unbounded, speaksOfSchema, Self.boundWords.contains(where: message.contains) { return .unbounded }
        if form < .object, message.contains("json_object") { return .object }
        return speaksOfSchema ? .words : nil
    }

    /// `At most 2 image(s) may be provided`, `You set image=2 …`: vLLM. Nil where it says no such thing.
    static func pictureLimit(_ message: String) -> Int? {
        for (before, after) in [("at most ", " image"), ("you set image=", " ")] {
            guard let start = message.ranges(of: before).first?.upperBound else { continue }
            let digits = message[start...].prefix { $0.isASCII && $0.isNumber }
            if let number = Int(digits), message[digits.endIndex...].hasPrefix(after) { return number }
        }
        return nil
    }
}
