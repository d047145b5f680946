import CurlKit
import Foundation
import Testing

extension EndToEnd {
    /// HTTPS by files, with certificates that openssl makes.
    @Suite(.serialized) struct TLSReloadTests {
        /// A certificate that signs itself, for 127.0.0.1, and its key.
        private static func make(_ folder: String, _ name: String) throws -> (certificate: String, key: String) {
            let (certificate, key) = ("\(folder)/\(name).pem", "\(folder)/\(name).key")
            let made = try run(
                "openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj",
                    "/CN=\(name)", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
                ])
            try #require(made.status == 0, "\(made.errors)")
            return (certificate, key)
        }

        private static func bytes(_ path: String) throws -> [UInt8] {
            [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        }

        /// Puts a file in the place of another at once, as certbot does.
        private static func replace(_ path: String, with other: String) throws {
            try FileManager.default.copyItem(atPath: other, toPath: path + ".new")
            try #require(rename(path + ".new", path) == 0)
        }

        @Test(.timeLimit(.minutes(20)))
        func `a certificate is used from the next connection on when its files change, and one that is bad is not`()
            async throws
        {
            let vedette = try VedetteProcess(settings: "")
            let folder = vedette.folder
            let (first, second) = (try Self.make(folder, "first"), try Self.make(folder, "second"))
            let (certificate, key) = ("\(folder)/server.pem", "\(folder)/server.key")
            try FileManager.default.copyItem(atPath: first.certificate, toPath: certificate)
            try FileManager.default.copyItem(atPath: first.key, toPath: key)
            let settings = try String(contentsOfFile: vedette.settingsFile, encoding: .utf8)
            try Data("\(settings)tls: {certificate: \(certificate), key: \(key)}\n".utf8)
                .write(to: URL(fileURLWithPath: vedette.settingsFile))
            /// The certificate that a new connection is shown.
            func shown() throws -> String {
                let address = vedette.base.replacing("https://", with: "")
                return try run(
                    "sh",
                    [
                        "-c",
                        "openssl s_client -connect \(address) </dev/null 2>/dev/null | openssl x509 -noout -subject",
                    ]
                ).output
            }
            do {
                vedette.certificateAuthorities = try Self.bytes(first.certificate)
                try await vedette.start()
                #expect(vedette.base.hasPrefix("https://"))
                #expect(try await vedette.get("/v1/me").status == 200)
                let login = try await vedette.post("/v1/auth/login", #"{"token": "\#(vedette.token)"}"#)
                #expect(login.status == 204)
                let cookies = login.headers.filter { $0.name.lowercased() == "set-cookie" }
                #expect(cookies.count == 2 && cookies.allSatisfy { $0.value.contains("; Secure") })
                #expect(try shown().contains("first"))
                let old = try run(
                    "sh",
                    ["-c", "openssl s_client -tls1_1 -connect \(vedette.base.dropFirst(8)) </dev/null 2>/dev/null"])
                #expect(old.status != 0, "TLS 1.1")
                await #expect(throws: HTTPError.self) {
                    try await vedette.plain(address: vedette.base.replacing("https", with: "http") + "/healthz")
                }

                // The certificate alone does not fit the key: that of before stays.
                try Self.replace(certificate, with: second.certificate)
                try await vedette.wait("the wrong pair to be refused", seconds: 60) {
                    vedette.log.contains("the one before stays")
                }
                #expect(try shown().contains("first"))
                try Self.replace(key, with: second.key)
                try await vedette.wait("the new certificate", seconds: 60) { try shown().contains("second") }
                vedette.certificateAuthorities = try Self.bytes(second.certificate)
                #expect(try await vedette.get("/v1/me").status == 200)

                // Nonsense, and nothing at all.
                let refusals = vedette.log.ranges(of: "the one before stays").count
                try Data("nonsense".utf8).write(to: URL(fileURLWithPath: certificate))
                try await vedette.wait("nonsense to be refused", seconds: 60) {
                    vedette.log.ranges(of: "the one before stays").count > refusals
                }
                try FileManager.default.removeItem(atPath: key)
                try await vedette.wait("the missing key to be told", seconds: 60) {
                    vedette.log.ranges(of: "the one before stays").count > refusals + 1
                }
                #expect(try await vedette.get("/v1/me").status == 200)
                #expect(try shown().contains("second"))
                #expect(try await vedette.stop() == 0)
            } catch {
                await vedette.cleanUp()
                throw error
            }
            await vedette.cleanUp()
        }

        @Test(.timeLimit(.minutes(20)))
        func `files that do not make a pair are told at the start`() async throws {
            let vedette = try VedetteProcess(settings: "")
            let folder = vedette.folder
            do {
                let (first, second) = (try Self.make(folder, "first"), try Self.make(folder, "second"))
                let nonsense = folder + "/nonsense.pem"
                try Data("nonsense".utf8).write(to: URL(fileURLWithPath: nonsense))
                for (certificate, key) in [
                    (first.certificate, second.key), (nonsense, first.key), (first.certificate, nonsense),
                    (folder + "/missing.pem", first.key), (first.certificate, first.certificate),
                ] {
                    let text =
                        "listen: 127.0.0.1:0\ndata_dir: \(folder)/data\ntls: {certificate: \(certificate), key: \(key)}\n"
                    try Data(text.utf8).write(to: URL(fileURLWithPath: vedette.settingsFile))
                    let ended = try run(
                        "env",
                        [
                            "-u", "VEDETTE_MODELS_DIR", VedetteProcess.executable, "run", "--config",
                            vedette.settingsFile,
                        ])
                    #expect(ended.status != 0)
                    let said = ended.output + ended.errors
                    #expect(said.contains("tls: ") && said.contains(certificate) && said.contains(key), "\(said)")
                    #expect(!said.contains("PRIVATE KEY"))
                }
            } catch {
                await vedette.cleanUp()
                throw error
            }
            await vedette.cleanUp()
        }
    }
}
