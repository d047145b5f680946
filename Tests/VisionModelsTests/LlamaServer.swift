import Foundation
import Synchronization

/// A `llama-server` child on loopback, started once and ended with the test process.
final class LlamaServer: Sendable {
    static let fromEnvironment: LlamaServer? = {
        let environment = ProcessInfo.processInfo.environment
        guard let binary = environment["LLAMA_SERVER"], let folder = environment["TINY_VLM"] else { return nil }
        return LlamaServer(binary: binary, folder: folder)
    }()

    struct DidNotStart: Error {}

    private let binary: String
    private let folder: String
    private let started = Mutex<String?>(nil)

    private init(binary: String, folder: String) {
        self.binary = binary
        self.folder = folder
    }

    /// The base URL, once the model is loaded.
    func running() async throws -> String {
        let port = 20_000 + Int(getpid()) % 20_000
        let isFirst = started.withLock { started in
            defer { started = "http://127.0.0.1:\(port)" }
            return started == nil
        }
        if isFirst {
            let process = Process()
            // The shell ends the server when the test process, and with it the pipe, is gone.
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = [
                "-c", "\"$@\" & child=$!; cat >/dev/null; kill $child", "sh", binary, "-m", folder + "/tiny-vlm.gguf",
                "--mmproj", folder + "/tiny-vlm-mmproj.gguf", "--alias", "tiny-vlm", "--host", "127.0.0.1", "--port",
                "\(port)", "-c", "8192", "-np", "1", "-t", "1",
            ]
            let leash = Pipe()
            process.standardInput = leash
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            LlamaServer.leash.withLock { $0 = leash }
        }
        let base = "http://127.0.0.1:\(port)"
        for _ in 0..<300 {
            if output(of: "curl", ["-fs", base + "/health"]) != nil { return base + "/v1" }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw DidNotStart()
    }

    private static let leash = Mutex<Pipe?>(nil)
}
