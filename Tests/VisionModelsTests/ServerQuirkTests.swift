import Domain
import Foundation
import TestSupport
import Testing

@testable import VisionModels

/// One test for each line of the table in `docs/reference/model-servers.md`, with the words that those servers use.
struct ServerQuirkTests {
    /// Judges once against a server that answers as scripted; what it was sent.
    private func requests(
        _ script: [FakeVisionBehaviour], pictures: Int = 1, connection: AnalyzerConnection = AnalyzerConnection()
    ) async throws -> [JSONValue] {
        let server = try FakeVisionServer(script)
        defer { server.stop() }
        let model = try makeModel(server.baseURL, connection: connection)
        let judgement = try await model.judge(makeRequest(Array(repeating: SolidPictures.red, count: pictures)))
        #expect(judgement.state == .abnormal)
        return server.requests.compactMap { JSONValue(bytes: $0.body) }
    }

    private func error(_ behaviour: FakeVisionBehaviour) async throws -> JudgeError {
        let server = try FakeVisionServer([behaviour])
        defer { server.stop() }
        let error = await failure(of: try makeModel(server.baseURL, key: "sk-secret"))
        #expect(server.requests.count == 1)
        return try #require(error)
    }

    private func pictures(_ request: JSONValue) -> Int {
        let user = request["messages"]?.array?.last { $0["role"]?.string == "user" }
        return user?["content"]?.array?.filter { $0["image_url"] != nil }.count ?? -1
    }

    // MARK: vLLM

    @Test func `vLLM takes as many pictures as it was started for`() async throws {
        let refusal = """
            {"object":"error","message":"At most 2 image(s) may be provided in one request.","type":"BadRequestError",\
            "param":null,"code":400}
            """
        let server = try FakeVisionServer([.raw(400, refusal), .good])
        defer { server.stop() }
        let model = try makeModel(server.baseURL)
        let five = makeRequest(Array(repeating: SolidPictures.red, count: 5))
        for _ in 0..<2 { #expect(try await model.judge(five).state == .abnormal) }
        // It is asked in vain once, not again for each event.
        #expect(server.requests.compactMap { JSONValue(bytes: $0.body) }.map(pictures) == [5, 2, 2])
        let text = try #require(server.requests.last).text
        #expect(
            text.contains("2 pictures, in the order of time") && text.contains("at 5.3 s") && text.contains("at 9.3 s"))
    }

    @Test func `vLLM behind a queue says how many pictures it was set to`() async throws {
        let refusal = """
            {"error":{"message":"You set image=1 (or defaulted to 1) in `--limit-mm-per-prompt`, but passed 3 image items in \
            the same prompt.","type":"BadRequestError","code":400}}
            """
        let sent = try await requests([.raw(400, refusal), .good], pictures: 3)
        #expect(sent.map(pictures) == [3, 1])
    }

    @Test func `vLLM with a chat template without system role gets the rules in the user's turn`() async throws {
        let refusal = """
            {"object":"error","message":"System role not supported","type":"BadRequestError","param":null,"code":400}
            """
        let sent = try await requests([.raw(400, refusal), .good])
        #expect(sent.map { $0["messages"]?.array?.count } == [2, 1])
        #expect(sent[1]["messages"]?[0]?["role"]?.string == "user")
        let first = sent[1]["messages"]?[0]?["content"]?[0]?["text"]?.string
        #expect(first?.contains("never an instruction") == true)
    }

    @Test func `vLLM's list of what is wrong with a field is read`() async throws {
        let refusal = """
            {"detail":[{"type":"extra_forbidden","loc":["body","response_format"],"msg":"Extra inputs are not permitted"}]}
            """
        let sent = try await requests([.raw(422, refusal), .good])
        #expect(sent[0]["response_format"] != nil)
        #expect(sent[1]["response_format"] == nil)
    }

    @Test func `vLLM's complaint of a long prompt says what to do`() async throws {
        let refusal = """
            {"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 9000 \
            tokens.","type":"BadRequestError","code":400}
            """
        let error = try await error(.raw(400, refusal))
        #expect(error.outcome == .discard && error.detail.contains("fewer pictures"))
    }

    // MARK: llama.cpp

    @Test func `llama.cpp that loads its model is waited for`() async throws {
        let error = try await error(
            .raw(503, #"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#))
        #expect(error.outcome == .retry(afterSeconds: nil))
    }

    @Test func `llama.cpp without a projector cannot see, and trying again does not help`() async throws {
        let refusal = """
            {"error":{"code":500,"message":"image input is not supported - hint: if this is unexpected, you may need to \
            provide the mmproj","type":"server_error"}}
            """
        let error = try await error(.raw(500, refusal))
        #expect(error.outcome == .discard && error.detail.contains("--mmproj"))
    }

    @Test func `llama.cpp of old knows json_object only`() async throws {
        let refusal = """
            {"error":{"code":400,"message":"response_format type must be one of \\"text\\" or \\"json_object\\", but got: \
            json_schema","type":"invalid_request_error"}}
            """
        let sent = try await requests([.raw(400, refusal), .good])
        #expect(sent.map { $0["response_format"]?["type"]?.string } == ["json_schema", "json_object"])
    }

    @Test func `llama.cpp whose grammar cannot be made is asked in words`() async throws {
        let sent = try await requests([
            .raw(400, #"{"error":{"code":400,"message":"Failed to parse grammar","type":"invalid_request_error"}}"#),
            .good,
        ])
        #expect(sent.map { $0["response_format"] == nil } == [false, true])
    }

    // MARK: Ollama

    @Test func `Ollama's error is text, and names the model that is not there`() async throws {
        let error = try await error(.raw(404, #"{"error":"model 'tiny-vlm' not found"}"#))
        #expect(error.outcome == .discard)
        #expect(error.detail.contains("model 'tiny-vlm' not found") && error.detail.contains("\"tiny-vlm\""))
    }

    @Test func `small models of Ollama think aloud and wrap their answer`() async throws {
        let text = "<think>Is it {a dog}?</think>\n```json\n\(OpenAICompatibleModelTests.good)\n```"
        #expect(try await requests([.content(text)]).count == 1)
    }

    // MARK: OpenAI

    @Test func `reasoning models of OpenAI have another name for the limit, and no temperature`() async throws {
        let sent = try await requests([
            .raw(
                400,
                """
                {"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                'max_completion_tokens' instead.","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}}
                """),
            .raw(
                400,
                """
                {"error":{"message":"Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) \
                value is supported.","type":"invalid_request_error","param":"temperature","code":"unsupported_value"}}
                """), .good,
        ])
        #expect(sent.count == 3)
        #expect(sent[2]["max_tokens"] == nil && sent[2]["max_completion_tokens"]?.count == 600)
        #expect(sent[2]["temperature"] == nil)
    }

    @Test func `fine-tuned models of OpenAI take no lengths and ranges in a schema`() async throws {
        let sent = try await requests([
            .raw(
                400,
                """
                {"error":{"message":"Invalid schema for response_format 'judgement': In context=('properties', 'summary'), \
                'maxLength' is not permitted.","type":"invalid_request_error","param":"response_format","code":null}}
                """), .good,
        ])
        let schema = sent[1]["response_format"]?["json_schema"]
        #expect(schema?["strict"] == .bool(true))
        #expect(schema?["schema"]?["additionalProperties"] == .bool(false))
        #expect(schema?["schema"]?["properties"]?["summary"] == .object(["type": .string("string")]))
        #expect(schema?["schema"]?["properties"]?["confidence"] == .object(["type": .string("number")]))
    }

    @Test func `an account of OpenAI without money is left alone for an hour`() async throws {
        let refusal = """
            {"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,\
            "code":"insufficient_quota"}}
            """
        #expect(try await error(.raw(429, refusal)).outcome == .retry(afterSeconds: 3600))
    }

    @Test func `OpenAI's wait in milliseconds counts`() async throws {
        let refusal = #"{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}"#
        let error = try await error(.raw(429, refusal, headers: ["retry-after-ms": "1500", "Retry-After": "2"]))
        #expect(error.outcome == .retry(afterSeconds: 1.5))
    }

    @Test func `a gateway's error that comes with 200 is an error`() async throws {
        let error = try await error(.raw(200, #"{"error":{"message":"Provider returned error","code":429}}"#))
        #expect(error.outcome == .retry(afterSeconds: nil) && error.detail.contains("Provider returned error"))
    }

    @Test func `an answer that a filter ended is uncertain`() async throws {
        let body = #"{"choices":[{"finish_reason":"content_filter","message":{"content":null}}]}"#
        let server = try FakeVisionServer([.raw(200, body)])
        defer { server.stop() }
        let judgement = try await makeModel(server.baseURL).judge(makeRequest())
        #expect(judgement.state == .uncertain && judgement.reason.contains("filter"))
    }

    // MARK: Gemini

    @Test func `Gemini wraps its error into an array`() async throws {
        let refusal = """
            [{"error":{"code":400,"message":"Request contains an invalid argument.","status":"INVALID_ARGUMENT"}}]
            """
        let error = try await error(.raw(400, refusal))
        #expect(error.outcome == .discard && error.detail.contains("invalid argument"))
    }

    @Test func `Gemini that knows fewer words of schemas gets a plainer one`() async throws {
        let refusal = """
            [{"error":{"code":400,"message":"Invalid JSON payload received. Unknown name \\"additionalProperties\\" at \
            'generation_config.response_schema': Cannot find field.","status":"INVALID_ARGUMENT"}}]
            """
        let sent = try await requests([.raw(400, refusal), .good])
        let format = sent[1]["response_format"]?["json_schema"]
        #expect(format?["strict"] == nil && format?["schema"]?["additionalProperties"] == nil)
        #expect(format?["schema"]?["properties"]?["state"]?["enum"]?.array?.count == 3)
    }

    @Test func `Gemini says in the body how long to wait`() async throws {
        let refusal = """
            [{"error":{"code":429,"message":"Resource has been exhausted","status":"RESOURCE_EXHAUSTED","details":[\
            {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"37s"}]}}]
            """
        #expect(try await error(.raw(429, refusal)).outcome == .retry(afterSeconds: 37))
    }

    @Test func `Gemini refuses a key with 400`() async throws {
        let refusal = """
            [{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT",\
            "details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}]
            """
        let error = try await error(.raw(400, refusal))
        #expect(error.outcome == .discard && error.detail.contains("api_key"))
    }

    @Test func `Gemini that thought away its tokens is asked again with more`() async throws {
        let cut = #"{"choices":[{"finish_reason":"length","message":{"role":"assistant"}}],"model":"gemini"}"#
        let sent = try await requests([.raw(200, cut), .good])
        #expect(sent.map { $0["max_tokens"]?.count } == [600, 1800])
    }

    @Test func `a server that does not know detail is asked without it`() async throws {
        let sent = try await requests(
            [.raw(400, #"{"error":{"message":"Unknown field: messages[1].content[1].image_url.detail"}}"#), .good],
            connection: AnalyzerConnection(detail: .high))
        func detail(_ request: JSONValue) -> String? {
            request["messages"]?[1]?["content"]?.array?.compactMap { $0["image_url"]?["detail"]?.string }.first
        }
        #expect(sent.map(detail) == ["high", nil])
    }
}
