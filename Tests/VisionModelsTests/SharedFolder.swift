import Foundation

/// The folder with footage and weights that developers have beside their checkout; absent elsewhere.
enum SharedFolder {
    /// `VEDETTE_SHARED`, else the nearest `shared` beside a folder on the way up from this file.
    static let path: String? = {
        if let given = ProcessInfo.processInfo.environment["VEDETTE_SHARED"] { return given }
        var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        while folder.path != "/" {
            let candidate = folder.deletingLastPathComponent().appendingPathComponent("shared")
            if FileManager.default.fileExists(atPath: candidate.appendingPathComponent("media/media.json").path) {
                return candidate.path
            }
            folder = folder.deletingLastPathComponent()
        }
        return nil
    }()

    static var hasMedia: Bool { path.map { FileManager.default.fileExists(atPath: $0 + "/media/media.json") } ?? false }
    static var hasWeights: Bool {
        path.map { FileManager.default.fileExists(atPath: $0 + "/models/yolox_nano.onnx") } ?? false
    }
}

/// Runs a program and returns its standard output; nil if it could not be run or failed.
func output(of program: String, _ arguments: [String]) -> [UInt8]? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = (try? pipe.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? [UInt8](data) : nil
}
