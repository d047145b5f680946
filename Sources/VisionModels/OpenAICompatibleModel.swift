package import CurlKit
package import Domain
internal import FoundationEssentials
package import Logging

/// Judges with any server that speaks OpenAI's `/chat/completions` with pictures: vLLM, llama.cpp, Ollama, OpenAI, Gemini.
package struct OpenAICompatibleModel: VisionModel {
    package struct Configuration: Sendable {
        /// The analyzer's name, for errors and logs.
        package var name: String
        /// Ends before `/chat/completions`.
        package var baseURL: String
        package var model: String
        /// Sent as `Authorization: Bearer`.
        package var apiKey: String?
        /// For each request.
        package var timeoutSeconds: Double
        /// An answer has at most this many; three times as many when it was cut.
        package var maximumTokens: Int
        package var maximumResponseBytes: Int
        /// Most in one request; nil: no limit.
        package var maximumPictures: Int?
        package var connection: AnalyzerConnection

        package init(
            name: String, baseURL: String, model: String, apiKey: String? = nil, timeoutSeconds: Double = 60,
            maximumTokens: Int = 600, maximumResponseBytes: Int = 1 << 20, maximumPictures: Int? = nil,
            connection: AnalyzerConnection = AnalyzerConnection()
        ) {
            self.name = name
            self.baseURL = baseURL
            self.model = model
            self.apiKey = apiKey
            self.timeoutSeconds = timeoutSeconds
            self.maximumTokens = maximumTokens
            self.maximumResponseBytes = maximumResponseBytes
            self.maximumPictures = maximumPictures
            self.connection = connection
        }
    }

    /// Makes a JPEG no longer than so many pixels; nil where it cannot.
    package typealias Shrink = @Sendable (_ jpeg: [UInt8], _ longestSidePixels: Int) -> [UInt8]?

    private let configuration: Configuration
    private let client: HTTPClient
    private let logger: Logger
    private let now: @Sendable () -> WallTime
    private let shrink: Shrink
    private let learnt = LearntShape()

    /// - Parameters:
    ///   - shrink: for `pictureSidePixels`; a picture that it cannot shrink is sent as it is.
    ///   - now: the wall clock, for a `Retry-After` that is a date.
    package init(
        _ configuration: Configuration, client: HTTPClient, logger: Logger, shrink: @escaping Shrink = { _, _ in nil },
        now: @escaping @Sendable () -> WallTime
    ) {
        self.configuration = configuration
        self.client = client
        self.logger = logger
        self.shrink = shrink
        self.now = now
    }

    /// From a stored analyzer; `discard` if its settings cannot work.
    package init(
        _ analyzer: Analyzer, client: HTTPClient, logger: Logger, shrink: @escaping Shrink = { _, _ in nil },
        now: @escaping @Sendable () -> WallTime
    ) throws(JudgeError) {
        guard let baseURL = analyzer.baseURL, baseURL.hasPrefix("http://") || baseURL.hasPrefix("https://") else {
            throw JudgeError(
                .discard, "analyzer \"\(analyzer.name)\" has no base_url that begins with http:// or https://")
        }
        self.init(
            Configuration(
                name: analyzer.name, baseURL: baseURL, model: analyzer.model ?? "default", apiKey: analyzer.apiKey,
                timeoutSeconds: analyzer.timeoutSeconds, maximumPictures: analyzer.maximumPictures,
                connection: analyzer.connection),
            client: client, logger: logger, shrink: shrink, now: now)
    }

    package func preview(_ request: JudgeRequest) -> PromptPreview? {
        let conversation = Conversation(sized(request), configuration, shape: learnt.value) { jpeg, name in
            "<\(name), JPEG of \(jpeg.count) bytes>"
        }
        let sent = conversation.request()
        return PromptPreview(
            url: presentableURL(sent.url), body: sent.body ?? [], promptHash: conversation.prompt.hash,
            expectedPromptTokens: conversation.prompt.expectedTokens(pictureCount: conversation.pictureCount))
    }

    /// With pictures of the size that the analyzer is sent.
    private func sized(_ request: JudgeRequest) -> JudgeRequest {
        guard let side = configuration.connection.pictureSidePixels else { return request }
        var request = request.fitted(to: configuration.maximumPictures)
        for index in request.pictures.indices {
            guard let small = shrink(request.pictures[index].jpeg, side) else { continue }
            request.pictures[index].jpeg = small
            request.pictures[index].name += ", made smaller"
        }
        for index in request.references.indices {
            guard let small = shrink(request.references[index].jpeg, side) else { continue }
            request.references[index].jpeg = small
            request.references[index].name += ", made smaller"
        }
        return request
    }

    package func judge(_ request: JudgeRequest) async throws(JudgeError) -> Judgement {
        guard !request.pictures.isEmpty else { throw JudgeError(.discard, "the event has no evidence pictures") }
        let labels = request.definition.labels
        let clock = ContinuousClock()
        let start = clock.now
        var conversation = Conversation(sized(request), configuration, shape: learnt.value)
        var usage: (prompt: Int?, completion: Int?) = (nil, nil)
        var reported = configuration.model
        var answer: Answer?
        var problem = ""
        for attempt in 1...2 {
            let completion = try await complete(&conversation, gate: request.gate)
            usage = (sum(usage.prompt, completion.promptTokens), sum(usage.completion, completion.completionTokens))
            if let model = completion.model, !model.isEmpty { reported = model }
            if let refusal = completion.refusal, !refusal.isEmpty {
                problem = "the model refused: \(Answer.clean(refusal, limit: 300))"
                break
            }
            if completion.isFiltered {
                problem = "the server's content filter ended the answer"
                break
            }
            do throws(Answer.Unusable) {
                answer = try Answer(completion.content, labels: labels)
                break
            } catch {
                problem =
                    completion.isCut
                    ? "the answer was cut after \(completion.completionTokens.map(String.init) ?? "too many") tokens"
                    : "the answer is not usable: \(error.what)"
                logger.debug("analyzer \(configuration.name), attempt \(attempt): \(problem)")
                conversation.repair(completion, problem: error.what)
            }
        }
        return Judgement(
            state: answer?.state ?? .uncertain, confidence: answer?.confidence ?? 0, labels: answer?.labels ?? [],
            summary: answer?.summary ?? "The model gave no usable answer.", reason: answer?.reason ?? problem,
            model: reported, latencySeconds: (clock.now - start) / .seconds(1), promptTokens: usage.prompt,
            completionTokens: usage.completion, promptHash: conversation.prompt.hash)
    }

    /// Asks once; again only where the server takes the request in another shape.
    private func complete(
        _ conversation: inout Conversation, gate: (any RequestGate)?
    ) async throws(JudgeError) -> ChatCompletion {
        let refusal = ServerRefusal(
            analyzer: configuration.name,
            secrets: [configuration.apiKey].compactMap { $0 } + configuration.connection.headers.map(\.value))
        while true {
            let request = conversation.request()
            var response: HTTPResponse
            let ticket = try await gate?.begin(
                expectedPromptTokens: conversation.prompt.expectedTokens(pictureCount: conversation.pictureCount),
                expectedCompletionTokens: conversation.maximumTokens)
            func tell(_ outcome: RequestOutcome) async {
                if let ticket { await gate?.end(ticket, outcome) }
            }
            do throws(HTTPError) { response = try await client.send(request) } catch {
                await tell(error.code == .cancelled || Task.isCancelled ? .other : .failed)
                throw refusal.error(error)
            }
            let target = presentableURL(request.url)
            if response.status == 200 {
                let answered = ChatCompletion(body: response.body)
                // Gateways wrap the error of the server behind them in a 200.
                if answered == nil, let status = refusal.wrappedStatus(response.body) {
                    response.status = status
                } else {
                    await tell(
                        answered.map {
                            .answered(promptTokens: $0.promptTokens, completionTokens: $0.completionTokens)
                        } ?? .failed)
                    guard let completion = answered else {
                        throw JudgeError(
                            .retry(afterSeconds: nil),
                            "analyzer \"\(configuration.name)\": \(target) answered 200 with something that is no chat "
                                + "completion; does base_url point to a model server?")
                    }
                    return completion
                }
            }
            let instant = now().secondsSinceEpoch
            await tell(refusal.outcome(response, now: instant))
            // Each adaptation can be made once, so this ends.
            if [400, 422, 500].contains(response.status), let message = refusal.message(response.body),
                let shape = conversation.shape.adapted(to: message, pictures: conversation.pictureCount)
            {
                logger.info("analyzer \(configuration.name): the server refused a part of the request: \(message)")
                conversation.shape = shape
                learnt.value = shape
                continue
            }
            throw refusal.error(response, target: target, model: configuration.model, now: instant)
        }
    }

    private func sum(_ first: Int?, _ second: Int?) -> Int? {
        guard let first else { return second }
        return first.addingReportingOverflow(second ?? 0).partialValue
    }
}
