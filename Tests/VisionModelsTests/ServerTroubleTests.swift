import CurlKit
import Domain
import Foundation
import Logging
import TestSupport
import Testing

@testable import VisionModels

/// What a server or the network does instead of answering, and what comes of it.
struct ServerTroubleTests {
    @Test(arguments: [
        (500, [:], JudgeError.Outcome.retry(afterSeconds: nil)),
        (502, [:], .retry(afterSeconds: nil)),
        (503, ["Retry-After": "7"], .retry(afterSeconds: 7)),
        (429, ["Retry-After": "2.5"], .retry(afterSeconds: 2.5)),
        (429, [:], .retry(afterSeconds: nil)),
        (429, ["Retry-After": "Fri, 01 May 2026 12:01:30 GMT"], .retry(afterSeconds: 90)),
        (
            429,
            ["Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT", "Date": "Sun, 06 Nov 1994 08:49:00 GMT"],
            .retry(afterSeconds: 37)
        ),
        (429, ["Retry-After": "yesterday"], .retry(afterSeconds: nil)),
        (400, [:], .discard), (403, [:], .discard), (404, [:], .discard), (413, [:], .discard),
        (302, ["Location": "http://127.0.0.1:1/"], .discard),
    ])
    func `a status is classed`(status: Int, headers: [String: String], outcome: JudgeError.Outcome) async throws {
        try await withFake(.status(status, message: "so it is", headers: headers)) { server in
            let error = try #require(await failure(of: makeModel(server.baseURL)))
            #expect(error.outcome == outcome)
            #expect(error.detail.contains("\(status)"))
            #expect(error.detail.contains("\"vlm\""))
            #expect(server.requests.count == 1)
        }
    }

    @Test func `a refused key names the setting and shows nothing of the key`() async throws {
        try await withFake(.status(401, message: "Incorrect API key provided: sk-sec***ret")) { server in
            let error = try #require(await failure(of: makeModel(server.baseURL, key: "sk-secret")))
            #expect(error.outcome == .discard)
            #expect(error.detail.contains("api_key"))
            #expect(!error.detail.contains("sk-"))
        }
        try await withFake(.status(400, message: "who is sk-secret?")) { server in
            let error = try #require(await failure(of: makeModel(server.baseURL, key: "sk-secret")))
            #expect(error.detail.contains("who is (key)?"))
        }
    }

    @Test func `a prompt that is too long says what to change`() async throws {
        try await withFake(.status(400, message: "the request exceeds the available context size")) { server in
            let error = try #require(await failure(of: makeModel(server.baseURL)))
            #expect(error.outcome == .discard)
            #expect(error.detail.contains("fewer pictures"))
        }
    }

    @Test func `a slow server is waited for`() async throws {
        try await withFake(.slow(seconds: 0.3)) { server in
            let judgement = try await makeModel(server.baseURL).judge(makeRequest())
            #expect(judgement.state == .abnormal)
        }
    }

    @Test func `a server that never answers is left when the time is over`() async throws {
        try await withFake(.neverAnswers) { server in
            let error = try #require(await failure(of: makeModel(server.baseURL, timeoutSeconds: 0.3)))
            #expect(error.outcome == .retry(afterSeconds: nil))
        }
    }

    @Test func `a server that dies in the middle is retried`() async throws {
        try await withFake(.diesInBody) { server in
            let error = try #require(await failure(of: makeModel(server.baseURL)))
            #expect(error.outcome == .retry(afterSeconds: nil))
        }
    }

    @Test func `a page where a model server should be is retried and says so`() async throws {
        try await withFake(.body("<html>It works!</html>")) { server in
            let error = try #require(await failure(of: makeModel(server.baseURL)))
            #expect(error.outcome == .retry(afterSeconds: nil))
            #expect(error.detail.contains("base_url"))
        }
    }

    @Test func `a response without end is left`() async throws {
        try await withFake(.content(String(repeating: "x", count: 100_000))) { server in
            let error = try #require(await failure(of: makeModel(server.baseURL, maximumResponseBytes: 50_000)))
            #expect(error.outcome == .discard)
            #expect(error.detail.contains("50000 bytes"))
        }
    }

    @Test func `a closed port is retried`() async throws {
        let server = try FakeVisionServer([.good])
        server.stop()
        let error = try #require(await failure(of: makeModel(server.baseURL)))
        #expect(error.outcome == .retry(afterSeconds: nil))
    }

    @Test func `cancelling ends a judgement`() async throws {
        try await withFake(.neverAnswers) { server in
            let model = try makeModel(server.baseURL)
            let task = Task { await failure(of: model) }
            for await _ in server.arrivals { break }
            task.cancel()
            // The server would take an hour.
            let error = await task.value
            #expect(error?.outcome == .retry(afterSeconds: nil))
        }
    }

    @Test func `an analyzer without a usable base URL is refused at once`() throws {
        let analyzer = Analyzer(
            id: .make(at: noon), organization: .make(at: noon), name: "vlm", kind: .openai, baseURL: "ftp://x/v1")
        #expect(throws: JudgeError.self) {
            try OpenAICompatibleModel(
                analyzer, client: HTTPClient(), logger: Logger(label: "test"), now: { noon })
        }
    }
}
