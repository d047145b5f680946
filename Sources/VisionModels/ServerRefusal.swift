internal import CurlKit
internal import Domain

/// Classes what a server or the network said instead of an answer: the one table of outcomes.
struct ServerRefusal {
    /// Names the analyzer in every sentence.
    var analyzer: String
    /// Never to appear in a sentence.
    var secret: String?

    func error(_ response: HTTPResponse, target: String, model: String, now: Double) -> JudgeError {
        let wait = RetryAfter.seconds(
            response.header("Retry-After"), date: response.header("Date"), now: now)
        let said = message(response.body).map { ": \($0)" } ?? ""
        let who = "analyzer \"\(analyzer)\": \(target) answered \(response.status)"
        switch response.status {
        case 401:
            // The server's words are left out: some repeat a part of the key.
            return JudgeError(.discard, "\(who): it refuses the key; set or correct the analyzer's api_key")
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

    /// What a status other than 200 means for budgets and the circuit breaker.
    func outcome(_ response: HTTPResponse, now: Double) -> RequestOutcome {
        switch response.status {
        case 429, 503:
            let wait = RetryAfter.seconds(response.header("Retry-After"), date: response.header("Date"), now: now)
            if let wait { return .busy(seconds: wait) }
            return response.status == 429 ? .busy(seconds: 2) : .failed
        case 408, 425, 500...: return .failed
        default: return .other
        }
    }

    func error(_ error: HTTPError) -> JudgeError {
        let outcome: JudgeError.Outcome =
            switch error.code {
            case .invalidRequest, .tooLarge: .discard
            case .couldNotResolve, .couldNotConnect, .timeout, .tls, .cancelled, .broken: .retry(afterSeconds: nil)
            }
        return JudgeError(outcome, "analyzer \"\(analyzer)\": \(error)")
    }

    /// The server's own words, bounded, without the key.
    func message(_ body: [UInt8]) -> String? {
        guard let root = JSONValue(bytes: body) else { return nil }
        let error = root["error"]
        guard let text = error?["message"]?.string ?? error?.string ?? root["message"]?.string ?? root["detail"]?.string
        else { return nil }
        var shown = text
        if let secret, !secret.isEmpty { shown = shown.replacing(secret, with: "(key)") }
        return Answer.clean(shown, limit: 300)
    }

    private func isContextExceeded(_ body: [UInt8]) -> Bool {
        guard let error = JSONValue(bytes: body)?["error"] else { return false }
        let words = [error["type"]?.string, error["code"]?.string, error["message"]?.string].compactMap { $0 }
            .joined(separator: " ").lowercased()
        return ["exceed_context_size", "context_length_exceeded", "context length", "context size", "maximum context"]
            .contains(where: words.contains)
    }
}
