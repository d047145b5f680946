/// What the fake model server does with one request.
package enum FakeVisionBehaviour: Sendable {
    /// A usable answer: abnormal, 0.9, the first label of the request's schema if it has one.
    case good
    /// The given text as the model's message.
    case content(String)
    /// The given text, said to be cut because the token limit was reached.
    case cut(String)
    /// A usable answer after that many seconds.
    case slow(seconds: Double)
    /// That status, with a JSON error that says `message`.
    case status(Int, message: String, headers: [String: String] = [:])
    /// That body, as it is, with status 200.
    case body(String)
    /// That status and body, as they are.
    case raw(Int, String, headers: [String: String] = [:])
    /// The message and the tokens in and out that the closure makes of the request's text.
    case answers(@Sendable (_ request: String) -> (text: String, promptTokens: Int, completionTokens: Int))
    /// The response's head at once, a usable answer after that many seconds.
    case slowBody(seconds: Double)
    /// Half of the response, then the connection ends.
    case diesInBody
    /// Nothing, until the client leaves.
    case neverAnswers
    /// 400 for a request that holds the word, a usable answer for others.
    case refuses(word: String)

    struct Reply {
        /// 0 closes the connection without a word.
        var status = 200
        var headers: [String: String] = [:]
        var contentType = "application/json"
        var body = ""
        var delaySeconds = 0.0
        /// Between the head and the body.
        var bodyDelaySeconds = 0.0
        var isCutShort = false
    }

    func reply(to request: String) -> Reply {
        switch self {
        case .good: return Reply(body: Self.completion(Self.answer(to: request)))
        case .content(let text): return Reply(body: Self.completion(text))
        case .cut(let text): return Reply(body: Self.completion(text, finishReason: "length"))
        case .slow(let seconds): return Reply(body: Self.completion(Self.answer(to: request)), delaySeconds: seconds)
        case .status(let status, let message, let headers):
            return Reply(
                status: status, headers: headers,
                body: "{\"error\":{\"message\":\(Self.quoted(message)),\"type\":\"test\",\"code\":\(status)}}")
        case .body(let text): return Reply(contentType: "text/html", body: text)
        case .raw(let status, let body, let headers): return Reply(status: status, headers: headers, body: body)
        case .answers(let make):
            let (text, prompt, completion) = make(request)
            return Reply(body: Self.completion(text, promptTokens: prompt, completionTokens: completion))
        case .slowBody(let seconds):
            return Reply(body: Self.completion(Self.answer(to: request)), bodyDelaySeconds: seconds)
        case .diesInBody: return Reply(body: Self.completion(Self.answer(to: request)), isCutShort: true)
        case .neverAnswers: return Reply(status: 0, delaySeconds: 3600)
        case .refuses(let word):
            if request.contains("\"\(word)\"") {
                return Reply(
                    status: 400, body: "{\"error\":{\"message\":\(Self.quoted("unsupported parameter: \(word)"))}}")
            } else {
                return Reply(body: Self.completion(Self.answer(to: request)))
            }
        }
    }

    private static func answer(to request: String) -> String {
        // The schema names the labels as `"items":{"type":"string","enum":["person",…`.
        let marker = "\"items\":{\"type\":\"string\",\"enum\":["
        let label = request.ranges(of: marker).first.map { request[$0.upperBound...].prefix { $0 != "," && $0 != "]" } }
        return """
            {"summary":"Somebody walks through.","reason":"A figure is in every picture.","labels":[\(label ?? "")],\
            "state":"abnormal","confidence":0.9}
            """
    }

    static func completion(
        _ content: String, finishReason: String = "stop", promptTokens: Int = 321, completionTokens: Int = 45
    ) -> String {
        """
        {"id":"chatcmpl-1","object":"chat.completion","model":"fake-vlm","choices":[{"index":0,\
        "finish_reason":"\(finishReason)","message":{"role":"assistant","content":\(quoted(content))}}],\
        "usage":{"prompt_tokens":\(promptTokens),"completion_tokens":\(completionTokens),\
        "total_tokens":\(promptTokens + completionTokens)}}
        """
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
