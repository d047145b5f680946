import Foundation
import Glibc

/// A `vedette worker` of this build, run as a child, which writes its log beside the settings.
final class WorkerProcess {
    let process: Process
    let logPath: String

    init(settingsFile: String, leaseSeconds: Int, concurrency: Int, logPath: String) throws {
        self.logPath = logPath
        _ = FileManager.default.createFile(atPath: logPath, contents: nil)
        process = Process()
        process.executableURL = URL(fileURLWithPath: VedetteProcess.executable)
        process.arguments = [
            "worker", "--config", settingsFile, "--concurrency", "\(concurrency)", "--prefetch", "\(concurrency)",
            "--lease-seconds", "\(leaseSeconds)",
        ]
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("VEDETTE_") }
        process.standardOutput = FileHandle(forWritingAtPath: logPath)
        process.standardError = FileHandle(forWritingAtPath: logPath)
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    var id: Int32 { process.processIdentifier }
    var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

    /// To this process only; nothing where it has ended.
    func signal(_ number: Int32) {
        if process.isRunning { Glibc.kill(id, number) }
    }

    /// SIGKILL, and until it is gone.
    func kill() {
        signal(SIGKILL)
        process.waitUntilExit()
    }
}
