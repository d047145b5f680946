import Foundation
import Testing

/// `vedette doctor` of this build, as an operator calls it.
@Suite(.timeLimit(.minutes(20)))
struct DoctorTests {
    private struct Report: Decodable {
        struct Check: Decodable {
            var name: String
            var state: String
            var detail: String
        }
        struct Decoding: Decodable {
            struct PassedOver: Decodable {
                var decoder: String
                var reason: String
            }
            var codec: String
            var decoder: String?
            var passed_over: [PassedOver]
        }
        var healthy: Bool
        var checks: [Check]
        var decoding: [Decoding]
    }

    private func doctor(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws -> (code: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: VedetteProcess.executable)
        process.arguments = ["doctor"] + arguments
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("VEDETTE_") }
            .merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }

    private func report(_ output: String) throws -> Report {
        try JSONDecoder().decode(Report.self, from: Data(output.utf8))
    }

    @Test func `a machine that has everything is healthy, and every decoder passed over has its reason`() throws {
        let (code, output) = try doctor(["--json", "--data-dir", "/tmp/vedette-doctor-\(UUID().uuidString)/data"])
        let report = try report(output)
        #expect(code == 0 && report.healthy, "\(output)")
        #expect(report.decoding.map(\.codec) == ["h264", "h265"])
        for decoding in report.decoding {
            #expect(decoding.decoder != nil)
            #expect(!decoding.passed_over.contains { $0.reason.isEmpty || $0.decoder == decoding.decoder })
        }
        let names = Set(report.checks.map(\.name))
        #expect(
            names.isSuperset(of: [
                "GStreamer", "gstreamer1.0-plugins-good", "decoder h264", "OpenCV", "embedded analyzer", "database",
                "data_dir", "disk",
            ]), "\(names)")
    }

    @Test func `what is broken is named, the exit code says so, and no secret is shown`() throws {
        let settings = [
            "VEDETTE_DATA_DIR": "/etc/passwd/data",
            "VEDETTE_DATABASE_URL": "postgresql://somebody:hunter2@127.0.0.1:9/vedette", "VEDETTE_DECODER": "software",
        ]
        let (code, output) = try doctor(["--json"], environment: settings)
        let report = try report(output)
        #expect(code == 1 && !report.healthy)
        #expect(
            Set(report.checks.filter { $0.state == "failed" }.map(\.name)).isSuperset(of: ["data_dir", "database"]))
        let text = try doctor([], environment: settings)
        #expect(text.code == 1 && text.output.contains("FAILED    database:"), "\(text.output)")
        #expect(!output.contains("hunter2") && !text.output.contains("hunter2"))
        #expect(report.decoding[0].passed_over.contains { $0.decoder == "vah264dec" && $0.reason.contains("asks for") })
    }
}
