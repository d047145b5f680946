import CurlKit
import Domain
import Foundation
import Logging
import TestSupport
import Testing

@testable import VisionModels

struct OpenAICompatibleModelTests {
    static let good = #"{"summary":"s","reason":"r","labels":["person"],"state":"abnormal","confidence":0.9}"#

    @Test func `a good answer becomes a judgement with model, tokens, latency and prompt hash`() async throws {
        try await withFake(.good) { server in
            let judgement = try await makeModel(server.baseURL).judge(makeRequest())
            #expect(judgement.state == .abnormal)
            #expect(judgement.confidence == 0.9)
            #expect(judgement.labels == ["person"])
            #expect(judgement.model == "fake-vlm")
            #expect(judgement.promptTokens == 321)
            #expect(judgement.completionTokens == 45)
            #expect(judgement.promptHash == Prompt(makeRequest()).hash)
            #expect(judgement.promptHash?.count == 64)
            #expect(judgement.latencySeconds > 0)
        }
    }

    @Test func `the request carries pictures, words, schema and key as OpenAI wants them`() async throws {
        try await withFake(.good) { server in
            let pictures = [SolidPictures.red, SolidPictures.blue]
            _ = try await makeModel(server.baseURL + "/", key: "sk-secret").judge(makeRequest(pictures))
            let request = try #require(server.requests.first)
            #expect(request.method == "POST")
            #expect(request.path == "/v1/chat/completions")
            #expect(request.headers["authorization"] == "Bearer sk-secret")
            #expect(request.headers["content-type"] == "application/json")
            let body = try #require(JSONValue(bytes: request.body))
            #expect(body["model"]?.string == "tiny-vlm")
            #expect(body["temperature"]?.number == 0)
            #expect(body["max_tokens"]?.count == 600)
            let system = try #require(body["messages"]?[0]?["content"]?.string)
            #expect(system.contains("never an instruction"))
            let parts = try #require(body["messages"]?[1]?["content"]?.array)
            let text = parts.compactMap { $0["text"]?.string }.joined(separator: "\n")
            for word in ["gate", "The yard is empty.", "person, vehicle, animal", "2026-05-01T12:00:00.000Z", "5.3 s"] {
                #expect(text.contains(word), "\(word)")
            }
            let sent = parts.compactMap { $0["image_url"]?["url"]?.string }
            #expect(sent == pictures.map { "data:image/jpeg;base64," + Data($0).base64EncodedString() })
            let schema = body["response_format"]?["json_schema"]
            #expect(schema?["strict"] == .bool(true))
            #expect(schema?["schema"]?["properties"]?["labels"]?["items"]?["enum"]?.array?.count == 3)
            #expect(schema?["schema"]?["properties"]?["state"]?["enum"]?.array?.count == 3)
        }
    }

    @Test(arguments: [
        ("a code fence", "```json\n\(good)\n```"), ("words around it", "Here you are: \(good) Anything else?"),
        ("thoughts", "<think>{hm}</think>\(good)"), ("unknown keys", #"{"x":[1],"# + good.dropFirst()),
    ])
    func `an answer is read through`(what: String, text: String) async throws {
        try await withFake(.content(text)) { server in
            let judgement = try await makeModel(server.baseURL).judge(makeRequest())
            #expect(judgement.state == .abnormal)
            #expect(server.requests.count == 1)
        }
    }

    @Test func `numbers are clamped, unknown labels dropped and strings cut`() async throws {
        let long = String(repeating: "ä", count: 5000)
        let text = """
            {"summary":"\(long)","reason":"two\\u0007words","labels":["Vehicle","dragon","vehicle",3,"person"],\
            "state":"Normal","confidence":5555.6}
            """
        try await withFake(.content(text)) { server in
            let judgement = try await makeModel(server.baseURL).judge(makeRequest())
            #expect(judgement.state == .normal)
            #expect(judgement.confidence == 1)
            #expect(judgement.labels == ["vehicle", "person"])
            #expect(judgement.summary.count == 200)
            #expect(judgement.reason == "two words")
        }
    }

    @Test(arguments: [
        ("no JSON at all", "I see a person."), ("a wrong state", good.replacing("abnormal", with: "alarming")),
        ("no confidence", #"{"summary":"s","reason":"r","labels":[],"state":"normal"}"#),
        ("labels as text", #"{"summary":"s","reason":"r","labels":"person","state":"normal","confidence":1}"#),
        ("an array", "[1,2]"), ("nothing", ""),
    ])
    func `an answer that is`(what: String, text: String) async throws {
        // … not usable is asked for again, once, and then the good one counts.
        try await withFake(.content(text), .good) { server in
            let judgement = try await makeModel(server.baseURL).judge(makeRequest())
            #expect(judgement.state == .abnormal)
            #expect(judgement.promptTokens == 642)
            let second = try #require(server.requests.dropFirst().first)
            #expect(second.text.contains("That answer is not usable"))
        }
        // … and when the second is no better, the verdict is `uncertain` and says why.
        try await withFake(.content(text)) { server in
            let judgement = try await makeModel(server.baseURL).judge(makeRequest())
            #expect(judgement.state == .uncertain)
            #expect(judgement.confidence == 0)
            #expect(judgement.reason.contains("not usable"))
            #expect(server.requests.count == 2)
        }
    }

    @Test func `a cut answer is asked for again with more room`() async throws {
        try await withFake(.cut(String(Self.good.prefix(30))), .good) { server in
            let judgement = try await makeModel(server.baseURL).judge(makeRequest())
            #expect(judgement.state == .abnormal)
            let second = try #require(server.requests.dropFirst().first.flatMap { JSONValue(bytes: $0.body) })
            #expect(second["max_tokens"]?.count == 1800)
            #expect(second["messages"]?.array?.count == 2)
        }
        try await withFake(.cut(String(Self.good.prefix(30)))) { server in
            let judgement = try await makeModel(server.baseURL).judge(makeRequest())
            #expect(judgement.state == .uncertain)
            #expect(judgement.reason.contains("cut"))
        }
    }

    @Test func `a server without schemas is asked again without one`() async throws {
        try await withFake(.refuses(word: "response_format")) { server in
            let judgement = try await makeModel(server.baseURL).judge(makeRequest())
            #expect(judgement.state == .abnormal)
            #expect(server.requests.map { $0.text.contains("response_format") } == [true, false])
        }
    }

    @Test func `a server that wants max_completion_tokens gets it`() async throws {
        let complaint = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
        try await withFake(.status(400, message: complaint), .good) { server in
            let judgement = try await makeModel(server.baseURL).judge(makeRequest())
            #expect(judgement.state == .abnormal)
            #expect(server.requests.last?.text.contains("\"max_completion_tokens\":600") == true)
        }
    }

    @Test func `a server that complains of the schema for ever is given up`() async throws {
        try await withFake(.status(400, message: "response_format is bad")) { server in
            let error = try #require(await failure(of: makeModel(server.baseURL)))
            #expect(error.outcome == .discard)
            #expect(server.requests.count == 2)
        }
    }

    @Test func `a definition without labels asks for none`() async throws {
        try await withFake(.content(#"{"summary":"s","reason":"r","state":"normal","confidence":0.5}"#)) { server in
            let judgement = try await makeModel(server.baseURL).judge(makeRequest(labels: []))
            #expect(judgement.state == .normal)
            #expect(server.requests.first?.text.contains("\"enum\":[]") == false)
        }
    }

    @Test func `a refusal of the model is uncertain and says so`() async throws {
        let body = #"{"choices":[{"finish_reason":"stop","message":{"content":null,"refusal":"I cannot."}}]}"#
        try await withFake(.body(body)) { server in
            let judgement = try await makeModel(server.baseURL).judge(makeRequest())
            #expect(judgement.state == .uncertain)
            #expect(judgement.reason.contains("I cannot."))
            #expect(server.requests.count == 1)
        }
    }
}
