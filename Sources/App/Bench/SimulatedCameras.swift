import Foundation

/// Cameras that a child process serves, so that their cost is not this process's.
struct SimulatedCameras {
    let urls: [String]
    private let process: Process

    /// Starts `vedette simulate` with one camera for each file.
    init(_ files: [String]) throws {
        process = Process()
        process.executableURL = try ownExecutable()
        process.arguments = ["simulate", "--port", "0"] + files
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        var text = ""
        var urls: [String] = []
        while urls.count < files.count {
            let data = pipe.fileHandleForReading.availableData
            guard !data.isEmpty else { throw StartError("the simulated cameras did not start: \(text)") }
            text += String(decoding: data, as: UTF8.self)
            urls = text.split(whereSeparator: \.isWhitespace).filter { $0.hasPrefix("rtsp://") }.map(String.init)
        }
        self.urls = urls
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }
}

/// The file of this program.
func ownExecutable() throws -> URL { URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath() }
