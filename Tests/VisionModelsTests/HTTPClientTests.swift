import CurlKit
import TestSupport
import Testing

struct HTTPClientTests {
    private func failure(_ request: HTTPRequest) async throws -> HTTPError? {
        let client = try HTTPClient()
        do throws(HTTPError) {
            _ = try await client.send(request)
            return nil
        } catch {
            return error
        }
    }

    @Test func `many requests run at once on one client`() async throws {
        try await withFake(.slow(seconds: 0.3)) { server in
            let client = try HTTPClient()
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<12 {
                    group.addTask { try await client.send(HTTPRequest(url: server.baseURL + "/x")).status }
                }
                for try await status in group { #expect(status == 200) }
            }
            #expect(server.requests.count == 12)
        }
    }

    @Test func `only http and https are spoken`() async throws {
        for url in ["file:///etc/passwd", "gopher://127.0.0.1/", "not a url", "http://127.0.0.1:99999/"] {
            let code = try await failure(HTTPRequest(url: url))?.code
            #expect(code == .invalidRequest, "\(url)")
        }
    }

    @Test func `a header cannot smuggle another`() async throws {
        try await withFake(.good) { server in
            let request = HTTPRequest(url: server.baseURL, headers: [("X-A", "1\r\nX-B: 2")])
            let code = try await failure(request)?.code
            #expect(code == .invalidRequest)
            #expect(server.requests.isEmpty)
        }
    }

    @Test func `errors show neither password nor query`() async throws {
        let closed = try FakeVisionServer([.good])
        closed.stop()
        let url = closed.baseURL.replacing("http://", with: "http://user:pass@") + "?token=hidden"
        let error = try #require(
            try await failure(HTTPRequest(url: url, headers: [("Authorization", "Bearer hidden")])))
        #expect(error.code == .couldNotConnect)
        #expect(error.target == closed.baseURL)
        for secret in ["user", "pass", "hidden"] { #expect(!"\(error)".contains(secret)) }
    }

    @Test func `a name that does not exist is told apart`() async throws {
        // Longer than a name's part may be, so that no name server, however slow, is asked.
        let host = String(repeating: "nowhere", count: 10)
        let error = try await failure(HTTPRequest(url: "http://\(host).invalid/"))
        #expect(error?.code == .couldNotResolve)
    }

    @Test func `a redirect is returned, not followed`() async throws {
        try await withFake(.status(302, message: "", headers: ["Location": "http://127.0.0.1:1/"])) { server in
            let response = try await HTTPClient().send(HTTPRequest(url: server.baseURL))
            #expect(response.status == 302)
            #expect(response.header("location") == "http://127.0.0.1:1/")
        }
    }

    @Test func `the time limit holds, and a broken response is told apart`() async throws {
        try await withFake(.neverAnswers) { server in
            let code = try await failure(HTTPRequest(url: server.baseURL, timeoutSeconds: 0.2))?.code
            #expect(code == .timeout)
        }
        try await withFake(.diesInBody) { server in
            let code = try await failure(HTTPRequest(url: server.baseURL))?.code
            #expect(code == .broken)
        }
    }

    @Test func `a task cancelled before it sends gets its answer at once`() async throws {
        try await withFake(.neverAnswers) { server in
            let client = try HTTPClient()
            let request = HTTPRequest(url: server.baseURL)
            let task = Task { () async -> HTTPError? in
                withUnsafeCurrentTask { $0?.cancel() }
                do throws(HTTPError) {
                    _ = try await client.send(request)
                    return nil
                } catch { return error }
            }
            #expect(await task.value?.code == .cancelled)
        }
    }

    @Test func `a URL is shown without what is secret`() {
        #expect(presentableURL("https://me:pw@host:8443/v1?key=1#x") == "https://host:8443/v1")
        #expect(presentableURL("https://me:p/w@host/v1") == "https://host/v1")
        #expect(presentableURL("nonsense") == "the given URL")
    }
}
