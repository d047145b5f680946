import CurlKit
import Domain
import Foundation
import TestSupport
import Testing

@testable import VisionModels

/// How a server is reached: address, headers, proxy, certificates, time limits, size of pictures.
struct ConnectionOptionTests {
    @Test(arguments: [
        ("http://h/v1", "http://h/v1/chat/completions"), ("http://h/v1/", "http://h/v1/chat/completions"),
        ("http://h//", "http://h/chat/completions"), ("http://h:1", "http://h:1/chat/completions"),
        ("https://h/v1beta/openai/", "https://h/v1beta/openai/chat/completions"),
        ("https://h/v1/chat/completions", "https://h/v1/chat/completions"),
        (
            "https://h/openai/deployments/d?api-version=2024-10-21",
            "https://h/openai/deployments/d/chat/completions?api-version=2024-10-21"
        ),
    ])
    func `the call's address`(base: String, url: String) {
        #expect(ChatEndpoint.url(base) == url)
    }

    @Test func `headers are sent, and one of them may take the key's place`() async throws {
        try await withFake(.good) { server in
            let connection = AnalyzerConnection(headers: [
                .init(name: "X-Team", value: "gate"), .init(name: "authorization", value: "Basic abc"),
            ])
            _ = try await makeModel(server.baseURL, key: "sk-secret", connection: connection).judge(makeRequest())
            let headers = try #require(server.requests.first).headers
            #expect(headers["x-team"] == "gate" && headers["authorization"] == "Basic abc")
            #expect(headers["content-type"] == "application/json")
        }
        try await withFake(.status(400, message: "what is Basic abc?")) { server in
            let connection = AnalyzerConnection(headers: [.init(name: "Authorization", value: "Basic abc")])
            let error = try #require(await failure(of: makeModel(server.baseURL, connection: connection)))
            #expect(!error.detail.contains("Basic abc"))
        }
    }

    @Test func `the answer is asked for whole, not as a stream`() async throws {
        try await withFake(.good) { server in
            _ = try await makeModel(server.baseURL).judge(makeRequest())
            #expect(JSONValue(bytes: try #require(server.requests.first).body)?["stream"] == .bool(false))
        }
    }

    @Test func `a proxy is asked for what is not here`() async throws {
        try await withFake(.good) { proxy in
            let address = proxy.baseURL.replacing("/v1", with: "").replacing("http://", with: "http://me:pw@")
            let model = try makeModel(
                "http://models.invalid/v1", connection: AnalyzerConnection(proxy: address))
            #expect(try await model.judge(makeRequest()).state == .abnormal)
            let request = try #require(proxy.requests.first)
            #expect(request.path == "http://models.invalid/v1/chat/completions")
            #expect(request.headers["proxy-authorization"]?.hasPrefix("Basic ") == true)
        }
        // A proxy that is away is no reason to go without it, and its password is not told.
        let closed = try FakeVisionServer([.good])
        closed.stop()
        try await withFake(.good) { server in
            let address = closed.baseURL.replacing("/v1", with: "").replacing("http://", with: "http://me:hidden@")
            let error = try #require(
                await failure(of: makeModel(server.baseURL, connection: AnalyzerConnection(proxy: address))))
            #expect(error.outcome == .retry(afterSeconds: nil) && !error.detail.contains("hidden"))
            #expect(server.requests.isEmpty)
        }
    }

    @Test func `an answer that does not begin in its time is not waited for, one that has begun is`() async throws {
        try await withFake(.neverAnswers) { server in
            let model = try makeModel(
                server.baseURL, timeoutSeconds: 600, connection: AnalyzerConnection(firstByteTimeoutSeconds: 0.3))
            let error = try #require(await failure(of: model))
            #expect(error.outcome == .retry(afterSeconds: nil))
            #expect(error.detail.contains("no answer began within 0.3 s"))
        }
        try await withFake(.slowBody(seconds: 12)) { server in
            let client = try HTTPClient()
            // The head is there at once; a starved machine has ten seconds for that.
            let response = try await client.send(
                HTTPRequest(
                    method: .post, url: server.baseURL, body: [], timeoutSeconds: 600, firstByteTimeoutSeconds: 10))
            #expect(response.status == 200)
        }
    }

    @Test func `certificates of one's own are trusted, and others are not`() async throws {
        let server = try TLSServer.start()
        defer { server.stop() }
        let url = "https://localhost:\(server.port)/v1"
        let trusted = AnalyzerConnection(certificateAuthorities: server.certificate)
        #expect(try await makeModel(url, connection: trusted).judge(makeRequest()).state == .abnormal)
        let error = try #require(await failure(of: makeModel(url)))
        #expect(error.detail.lowercased().contains("certificate"))
        #expect(AnalyzerConnection.complaint(certificates: server.certificate) == nil)
        #expect(AnalyzerConnection.complaint(certificates: "trust me") != nil)
    }

    @Test func `pictures are sent in the size and with the detail that is wanted`() async throws {
        try await withFake(.good) { server in
            let connection = AnalyzerConnection(pictureSidePixels: 32, detail: .low)
            let model = try makeModel(server.baseURL, connection: connection) { jpeg, side in
                side == 32 && jpeg == SolidPictures.red ? SolidPictures.blue : nil
            }
            let request = makeRequest([SolidPictures.red, SolidPictures.green])
            _ = try await model.judge(request)
            let parts = JSONValue(bytes: try #require(server.requests.first).body)?["messages"]?[1]?["content"]?.array
            let sent = parts?.compactMap { $0["image_url"] } ?? []
            #expect(
                sent.compactMap { $0["url"]?.string }
                    == [SolidPictures.blue, SolidPictures.green].map {
                        "data:image/jpeg;base64," + Data($0).base64EncodedString()
                    })
            #expect(sent.compactMap { $0["detail"]?.string } == ["low", "low"])
            let preview = try #require(model.preview(request))
            #expect(String(decoding: preview.body, as: UTF8.self).contains("made smaller"))
        }
    }

    @Test(arguments: [
        ("X-Ok", "fine", true), ("X Bad", "v", false), ("", "v", false), ("Host", "h", false),
        ("Content-Length", "1", false), ("X-Ok", "a\r\nX-Other: b", false), ("X-Ok", "ümlaut", true),
    ])
    func `which headers may be sent`(name: String, value: String, isFine: Bool) {
        #expect((AnalyzerConnection.complaint(header: name, value: value) == nil) == isFine)
    }

    @Test(arguments: [
        ("", true), ("http://p:3128", true), ("socks5h://u:p@h:1080", true), ("p:3128", false),
        ("ftp://p", false), ("http://p q", false), ("http://", false),
    ])
    func `which proxies are taken`(proxy: String, isFine: Bool) {
        #expect((AnalyzerConnection.complaint(proxy: proxy) == nil) == isFine)
    }
}

/// A model server behind TLS with a certificate of its own, by Python.
private struct TLSServer {
    var process: Process
    var folder: String
    var port: Int
    var certificate: String

    struct DidNotStart: Error {}

    private static let script = """
        import http.server, ssl, sys
        body = open(sys.argv[1] + "/answer", "rb").read()
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *words): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1] + "/cert.pem", sys.argv[1] + "/key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_port, flush=True)
        server.serve_forever()
        """

    static func start() throws -> TLSServer {
        let folder = FileManager.default.temporaryDirectory.path + "/vedette-tls-\(UUID())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let answer =
            #"{"choices":[{"finish_reason":"stop","message":{"content":"{\"summary\":\"s\",\"reason\":\"r\",\"labels\":[],\"state\":\"abnormal\",\"confidence\":1}"}}]}"#
        try Data(answer.utf8).write(to: URL(fileURLWithPath: folder + "/answer"))
        try Data(script.utf8).write(to: URL(fileURLWithPath: folder + "/server.py"))
        guard
            output(
                of: "openssl",
                [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder + "/key.pem", "-out",
                    folder + "/cert.pem", "-days", "3650", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1",
                ]) != nil
        else { throw DidNotStart() }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", folder + "/server.py", folder]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        // The port is printed when it listens.
        let line = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = Int(line.prefix { $0.isNumber }) else {
            kill(process.processIdentifier, SIGKILL)
            throw DidNotStart()
        }
        return TLSServer(
            process: process, folder: folder, port: port,
            certificate: try String(contentsOfFile: folder + "/cert.pem", encoding: .utf8))
    }

    func stop() {
        // The child may have inherited a mask that blocks SIGTERM.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: folder)
    }
}
