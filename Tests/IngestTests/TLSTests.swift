import Domain
import Foundation
import GStreamerKit
import Simulator
import Testing

@testable import Ingest

/// Cameras that speak TLS.
@Suite(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"), "needs openssl"),
    .timeLimit(.minutes(10)))
struct TLSTests {
    /// Serves over TLS with a certificate that signs itself, as cameras have; gives its SHA-256.
    private func withCamera<Value>(
        credentials: SimulatedSite.Credentials? = nil, _ body: (SimulatedSite, String) async throws -> Value
    ) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (certificate, key) = (folder.path + "/certificate.pem", folder.path + "/key.pem")
        _ = try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
            "-out",
            certificate, "-days", "2", "-subj", "/CN=camera")
        let digest = try openssl("x509", "-in", certificate, "-noout", "-fingerprint", "-sha256")
        let colons = try #require(digest.split(separator: "=").last).trimmingCharacters(in: .whitespacesAndNewlines)
        let scene = Scene(
            name: "gate", widthPixels: 320, heightPixels: 180, framesPerSecond: 10, durationSeconds: 6,
            actions: [.figure(1...4)])
        let site = SimulatedSite(
            .init(
                port: 0, streams: [.init(scene: scene)], credentials: credentials,
                identity: .init(certificateFile: certificate, keyFile: key)))
        _ = try site.start()
        defer { site.stop() }
        try await site.ready()
        return try await body(site, colons)
    }

    private func openssl(_ arguments: String...) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return output
    }

    @Test func `a certificate that signs itself is refused, told, and taken when it is named`() async throws {
        try await withCamera { site, colons in
            let url = try site.url(for: "gate")
            #expect(url.hasPrefix("rtsps://"))
            let refused = try await Camera.read(url).failure
            #expect(refused?.kind == .untrusted, "\(String(describing: refused))")
            #expect(refused?.detail.contains("no authority that this machine trusts signed it") == true)
            // What the message tells is what openssl tells, and what to write into the setting.
            let own = try #require(CertificateTrust(colons))
            #expect(refused?.detail.contains(own.text) == true)
            for trust in [own, .any] {
                let intake = try await Camera.read(url, certificate: trust) { $0.video.count >= 15 }
                #expect(intake.failure == nil, "\(String(describing: intake.failure))")
            }
            let other = try await Camera.read(url, certificate: .fingerprint(String(repeating: "0", count: 64))).failure
            #expect(other?.kind == .untrusted && other?.detail.contains("another certificate") == true)
        }
    }

    @Test func `credentials go over TLS as elsewhere`() async throws {
        try await withCamera(credentials: .init(user: "guard", password: "hunter2")) { site, _ in
            let right = try await Camera.read(
                site.url(for: "gate", user: "guard", password: "hunter2"), certificate: .any
            ) { $0.video.count >= 5 }
            #expect(right.failure == nil, "\(String(describing: right.failure))")
            let wrong = try await Camera.read(
                site.url(for: "gate", user: "guard", password: "hunter3"), certificate: .any
            ).failure
            #expect(wrong?.kind == .unauthorized && wrong?.detail.contains("hunter3") == false)
        }
    }

    @Test func `who does not speak TLS is told`() async throws {
        try await withCamera { site, _ in
            let plain = try site.url(for: "gate").replacing("rtsps://", with: "rtsp://")
            let failure = try await Camera.read(plain, timeoutSeconds: 5).failure
            #expect(
                [.unreachable, .ended, .unsupported, .timeout].contains(failure?.kind), "\(String(describing: failure))"
            )
        }
    }

    @Test func `flaws are told in words`() {
        let doubtful = DoubtfulCertificate(sha256: "ab", flaws: 1 | 8)
        #expect(doubtful.flaws == [.unknownAuthority, .expired])
        let detail = CertificateTrust.system.refusal(of: doubtful, at: "camera:322")?.detail
        #expect(detail?.contains("signed it, it has expired") == true && detail?.contains("camera:322") == true)
        #expect(CertificateTrust.any.refusal(of: doubtful, at: "camera:322") == nil)
    }
}
