internal import CurlKit
internal import Domain

/// Classes what a server or the network said instead of an answer: the one table of outcomes.
struct ServerRefusal {
    /// Names the analyzer in every sentence.
    var analyzer: String
    /// Never to appear in a sentence.
    var secrets: [String] = []

    func error(_ response: HTTPResponse, target: String, model: String, now: Double) -> JudgeError {
        let wait = wait(response, now: now)
        let said = message(response.body).map { ": \($0)" } ?? ""
        let who = "analyzer \"\(analyzer)\": \(target) answered \(response.status)"
        if refusesPictures(response) {
            return JudgeError(
                .discard,
                "\(who): the model takes no pictures; choose one that does (llama.cpp: start the server with --mmproj)\(said)"
            )
        }
        switch response.status {
        // The server's words are left out: some repeat a part of the key.
        case 400 where refusesKey(response): return keyRefused(who)
        case 401: return keyRefused(who)
        case 403:
            return JudgeError(.discard, "\(who): the analyzer's api_key may not use model \"\(model)\"\(said)")
        case 404:
            return JudgeError(
                .discard,
                "\(who): check the analyzer's base_url (it ends before /chat/completions) and model \"\(model)\"\(said)"
            )
        case 408, 425, 429: return JudgeError(.retry(afterSeconds: wait), "\(who)\(said)")
        case 300..<400:
            return JudgeError(
                .discard, "\(who): redirects are not followed; set the analyzer's base_url to where it points")
        case 400..<500:
            let hint =
                isContextExceeded(response.body)
                ? ": the prompt is longer than the model's context; use fewer pictures or start the server with more"
                : ""
            return JudgeError(.discard, "\(who)\(hint)\(said)")
        default: return JudgeError(.retry(afterSeconds: wait), "\(who)\(said)")
        }
    }

    private func keyRefused(_ who: String) -> JudgeError {
        JudgeError(.discard, "\(who): it refuses the key; set or correct the analyzer's api_key")
    }

    /// What a status other than 200 means for budgets and the circuit breaker.
    func outcome(_ response: HTTPResponse, now: Double) -> RequestOutcome {
        if refusesPictures(response) { return .other }
        switch response.status {
        case 429, 503:
            if let wait = wait(response, now: now) { return .busy(seconds: wait) }
            return response.status == 429 ? .busy(seconds: 2) : .failed
        case 408, 425, 500...: return .failed
        default: return .other
        }
    }

    /// An account without money answers no sooner.
    private static let emptyAccountSeconds = 3600.0

    /// Seconds that the server asks to wait: by a header, or, where there is none, in the body.
    private func wait(_ response: HTTPResponse, now: Double) -> Double? {
        let header = RetryAfter.seconds(
            milliseconds: response.header("Retry-After-Ms"), response.header("Retry-After"),
            date: response.header("Date"), now: now)
        if let header { return header }
        guard response.status == 429, let error = Self.root(response.body)?["error"] else { return nil }
        if [error["code"]?.string, error["type"]?.string].contains("insufficient_quota") {
            return Self.emptyAccountSeconds
        }
        // google.rpc.RetryInfo
        let delays = error["details"]?.array?.compactMap { $0["retryDelay"]?.string } ?? []
        return delays.first.flatMap { RetryAfter.seconds(duration: $0) }
    }

    func error(_ error: HTTPError) -> JudgeError {
        let outcome: JudgeError.Outcome =
            switch error.code {
            case .invalidRequest, .tooLarge: .discard
            case .couldNotResolve, .couldNotConnect, .timeout, .tls, .cancelled, .broken: .retry(afterSeconds: nil)
            }
        return JudgeError(outcome, "analyzer \"\(analyzer)\": \(error)")
    }

    /// The server's own words, bounded, without the secrets.
    func message(_ body: [UInt8]) -> String? {
        guard let root = Self.root(body) else { return nil }
        let error = root["error"]
        guard
            let text = error?["message"]?.string ?? error?.string ?? root["message"]?.string ?? root["detail"]?.string
                ?? Self.complaints(root["detail"])
        else { return nil }
        var shown = text
        for secret in secrets where secret.utf8.count >= 4 { shown = shown.replacing(secret, with: "(key)") }
        return Answer.clean(shown, limit: 300)
    }

    /// The status of an error that came with 200; nil where the body is no error.
    func wrappedStatus(_ body: [UInt8]) -> Int? {
        guard let error = Self.root(body)?["error"], error != .null else { return nil }
        return error["code"]?.count.flatMap { (400...599).contains($0) ? $0 : nil } ?? 502
    }

    /// Some put the one object into an array (Gemini).
    private static func root(_ body: [UInt8]) -> JSONValue? {
        guard let value = JSONValue(bytes: body) else { return nil }
        return value[0] ?? value
    }

    /// FastAPI's list of what is wrong: `[{"loc": ["body", "x"], "msg": "…"}]`.
    private static func complaints(_ detail: JSONValue?) -> String? {
        let lines = detail?.array?.compactMap { item -> String? in
            guard let message = item["msg"]?.string else { return nil }
            let place = item["loc"]?.array?.compactMap(\.string).joined(separator: ".") ?? ""
            return place.isEmpty ? message : "\(place): \(message)"
        }
        guard let lines, !lines.isEmpty else { return nil }
        return lines.joined(separator: "; ")
    }

    private func words(_ body: [UInt8]) -> String {
        let root = Self.root(body)
        let error = root?["error"]
        let reasons = error?["details"]?.array?.compactMap { $0["reason"]?.string } ?? []
        return
            ([
                error?["type"]?.string, error?["code"]?.string, error?["message"]?.string, error?.string,
                root?["message"]?.string,
            ].compactMap { $0 } + reasons).joined(separator: " ").lowercased()
    }

    private func isContextExceeded(_ body: [UInt8]) -> Bool {
        let words = words(body)
        return ["exceed_context_size", "context_length_exceeded", "context length", "context size", "maximum context"]
            .contains(where: words.contains)
    }

    private func refusesPictures(_ response: HTTPResponse) -> Bool {
        guard [400, 422, 500, 501].contains(response.status) else { return false }
        let words = words(response.body)
        return [
            "image input is not supported", "not a multimodal model", "does not support image", "at most 0 image",
            "image_url is only supported by certain models", "mmproj",
        ].contains(where: words.contains)
    }

    /// Gemini says 400 where others say 401.
    private func refusesKey(_ response: HTTPResponse) -> Bool {
        let words = words(response.body)
        return ["api_key_invalid", "api key not valid", "invalid_api_key"].contains(where: words.contains)
    }
}
