import Domain
import Foundation
import TestSupport
import Testing

@testable import VisionModels

/// What holds for any server's answers: run on the fake one always, and on a real llama.cpp where there is one.
///
/// `LLAMA_SERVER` is the path of a `llama-server` binary and `TINY_VLM` of the folder with `tiny-vlm.gguf` and
/// `tiny-vlm-mmproj.gguf`; without both, the real server's cases are skipped.
@Suite(.serialized)
struct AnswerShapeTests {
    enum Server: String, CaseIterable, Sendable { case fake, llama }

    static let real = LlamaServer.fromEnvironment
    static let servers: [Server] = real == nil ? [.fake] : [.fake, .llama]

    private func withServer(
        _ server: Server, _ script: FakeVisionBehaviour, body: (String) async throws -> Void
    ) async throws {
        switch server {
        case .fake: try await withFake(script) { try await body($0.baseURL) }
        case .llama: try await body(try #require(Self.real).running())
        }
    }

    @Test(.enabled(if: real != nil, "LLAMA_SERVER and TINY_VLM are not set: the real server is not tried"))
    func `a real llama-server is there`() async throws {
        let url = try await #require(Self.real).running()
        #expect(url.hasPrefix("http://127.0.0.1:"))
    }

    @Test(arguments: servers, [1, 4])
    func `a judgement is within bounds`(server: Server, count: Int) async throws {
        try await withServer(server, .good) { url in
            let request = makeRequest(Array(repeating: SolidPictures.green, count: count))
            let judgement = try await makeModel(url, maximumTokens: 900).judge(request)
            #expect((0...1).contains(judgement.confidence))
            #expect(Set(judgement.labels).isSubset(of: ["person", "vehicle", "animal"]))
            #expect(judgement.summary.count <= 200)
            #expect(judgement.reason.count <= 500)
            #expect(!judgement.model.isEmpty)
            #expect(try #require(judgement.promptTokens) > 0)
            #expect(try #require(judgement.completionTokens) > 0)
            #expect(judgement.promptHash == Prompt(request).hash)
            // Anything but a repair that failed.
            #expect(judgement.summary != "The model gave no usable answer.")
        }
    }

    @Test(arguments: servers)
    func `an answer without room ends uncertain`(server: Server) async throws {
        try await withServer(server, .cut("{\"summary\":\"a")) { url in
            let judgement = try await makeModel(url, maximumTokens: 4).judge(makeRequest())
            #expect(judgement.state == .uncertain)
            #expect(judgement.reason.contains("cut"))
        }
    }

    @Test(arguments: servers)
    func `a prompt longer than the context is discarded`(server: Server) async throws {
        let told = FakeVisionBehaviour.status(
            400, message: "the request exceeds the available context size, try increasing it")
        try await withServer(server, told) { url in
            let pictures = Array(repeating: SolidPictures.red, count: 400)
            let error = try #require(await failure(of: makeModel(url), makeRequest(pictures)))
            #expect(error.outcome == .discard)
            #expect(error.detail.contains("context"))
        }
    }

    @Test(arguments: servers)
    func `a picture that is none is discarded`(server: Server) async throws {
        try await withServer(server, .status(400, message: "Failed to load image")) { url in
            let error = try #require(await failure(of: makeModel(url), makeRequest([[1, 2, 3, 4]])))
            #expect(error.outcome == .discard)
        }
    }

    @Test(.enabled(if: real != nil, "LLAMA_SERVER and TINY_VLM are not set: the real server is not tried"))
    func `the tiny model's colours decide state and label`() async throws {
        let model = try makeModel(await #require(Self.real).running(), maximumTokens: 900)
        // Its first letter for green is "a", for dark "n" (see its README).
        let green = try await model.judge(makeRequest([SolidPictures.green]))
        #expect(green.state == .abnormal)
        let black = try await model.judge(makeRequest([SolidPictures.black]))
        #expect(black.state == .normal)
    }
}
