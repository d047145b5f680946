import CurlKit
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    @Suite(.serialized) struct SecretTests {
        private static let cameraPassword = "camera-Pa55word-41c7"
        private static let detectPassword = "detect-Pa55word-93be"
        private static let modelKey = "sk-model-5f1d0c27"
        private static let password = "a person's pass phrase 7781"
        private static let newPassword = "another pass phrase 1187"

        /// Everything is logged, everything that can fail does, and nothing that is secret is to be read anywhere.
        @Test(.timeLimit(.minutes(20)))
        func `neither a log nor an error nor a list holds a secret`() async throws {
            // Refuses, and repeats what it was sent, as some do.
            let model = try FakeVisionServer([
                .status(401, message: "no access with Bearer \(Self.modelKey)")
            ])
            let closed = "127.0.0.1:1"
            let vedette = try VedetteProcess(
                settings: """
                    log_level: trace
                    cameras:
                      - {name: gate, url: "rtsp://owner:\(Self.cameraPassword)@\(closed)/gate", detect_url: "rtsp://owner:\(Self.detectPassword)@\(closed)/small"}
                    analyzers:
                      - {name: model, kind: openai, base_url: "\(model.baseURL)", model: m, api_key: "\(Self.modelKey)"}
                    """)
            do {
                try await vedette.start()
                var secrets = [
                    Self.cameraPassword, Self.detectPassword, Self.modelKey, Self.password, Self.newPassword,
                ]
                var said: [String] = []
                func send(_ path: String, _ body: String, bearer: String? = nil) async throws -> [String: Any] {
                    let response = try await vedette.post(path, body, bearer: bearer)
                    let text = String(decoding: response.body, as: UTF8.self)
                    // Secrets that are made are shown once, in the answer that makes them.
                    if response.status >= 300 || !path.hasPrefix("/v1/auth") && path != "/v1/api-keys" {
                        said.append("\(path): \(text)")
                    }
                    return try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
                }
                let user = #""name": "anna", "password": "\#(Self.password)""#
                _ = try await send("/v1/users", "{\(user), \"role\": \"operator\"}")
                // Refused, with the secret in the body.
                _ = try await send("/v1/users", "{\(user), \"role\": \"operator\"}")
                _ = try await send("/v1/users", "{\(user), \"role\": \"queen\"}")
                _ = try await send("/v1/auth/login", #"{"user": "anna", "password": "\#(Self.newPassword)"}"#)
                _ = try await send("/v1/auth/login", #"{"user": "\#(Self.password)", "password": "\#(Self.password)"}"#)
                let tokens = try await send(
                    "/v1/auth/login", #"{"user": "anna", "password": "\#(Self.password)"}"#)
                let access = try #require(tokens["access_token"] as? String)
                let refresh = try #require(tokens["refresh_token"] as? String)
                let newer = try await send("/v1/auth/refresh", #"{"refresh_token": "\#(refresh)"}"#)
                _ = try await send("/v1/auth/refresh", #"{"refresh_token": "\#(refresh)"}"#)
                let key = try #require(
                    try await send("/v1/api-keys", #"{"name": "door", "role": "viewer"}"#)["key"] as? String)
                secrets += [access, refresh, key, vedette.token]
                secrets += ["access_token", "refresh_token"].compactMap { newer[$0] as? String }
                for secret in [access, key, "vdk_" + Self.password.replacing(" ", with: "-")] {
                    _ = try await send("/v1/users", "{}", bearer: secret)
                }
                for body in [
                    #"{"url": "rtsp://owner:\#(Self.cameraPassword)@\#(closed)/x", "timeout_seconds": 2}"#,
                    #"{"url": "ftp://owner:\#(Self.cameraPassword)@\#(closed)/x"}"#,
                ] {
                    _ = try await send("/v1/cameras/probe", body)
                }
                _ = try await send(
                    "/v1/cameras", #"{"name": "gate", "url": "rtsp://owner:\#(Self.cameraPassword)@\#(closed)/x"}"#)
                for path in [
                    "/v1/cameras", "/v1/users", "/v1/api-keys", "/v1/audit-log?limit=200", "/v1/analyzers", "/v1/me",
                    "/v1/jobs", "/?token=\(key)x", "/healthz", "/readyz",
                ] {
                    said.append("\(path): \(String(decoding: try await vedette.get(path).body, as: UTF8.self))")
                }
                // The camera has been tried, and failed, at least once.
                try await vedette.wait("the camera to fail", seconds: 120) {
                    try await vedette.status(of: "gate")["error"] is [String: Any]
                }
                said.append("\(try await vedette.items("/v1/cameras"))")
                try await vedette.stop()
                // What the first start shows once, on purpose, to who started it.
                let log = vedette.log.split(separator: "\n").filter {
                    !$0.contains("/?token=") && !$0.contains("sign in as admin with the password")
                }.joined(separator: "\n")
                #expect(log.contains("gate") && log.count > 1000, "nothing was logged")
                for secret in secrets {
                    #expect(!log.contains(secret), "the log holds a secret: \(Self.around(secret, in: log))")
                    for text in said
                    where text.dropFirst(text.hasPrefix("/?token=") ? key.count + 10 : 0).contains(secret) {
                        Issue.record("an answer holds a secret: \(Self.around(secret, in: text))")
                    }
                }
                // The database keeps hashes; its own log must not hold what was sent either.
                for file in try FileManager.default.subpathsOfDirectory(atPath: vedette.dataFolder)
                where file.hasSuffix(".log") {
                    let text = (try? String(contentsOfFile: vedette.dataFolder + "/" + file, encoding: .utf8)) ?? ""
                    for secret in secrets { #expect(!text.contains(secret), "\(file) holds a secret") }
                }
            } catch {
                await vedette.cleanUp()
                throw error
            }
            await vedette.cleanUp()
        }

        private static func around(_ secret: String, in text: String) -> String {
            guard let found = text.firstRange(of: secret) else { return "" }
            return String(text[..<found.lowerBound].suffix(200)) + "•••" + String(text[found.upperBound...].prefix(100))
        }
    }
}
