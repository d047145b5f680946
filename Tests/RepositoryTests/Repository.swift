import Foundation

/// The working tree that these tests read.
enum Repository {
    static let root: URL = {
        var folder = URL(fileURLWithPath: #filePath)
        while folder.path != "/",
            !FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path)
        {
            folder.deleteLastPathComponent()
        }
        return folder
    }()

    /// Files below a folder with one of these endings, as paths relative to the root.
    static func files(under folder: String, endings: [String]) -> [String] {
        let base = root.appendingPathComponent(folder)
        guard let walker = FileManager.default.enumerator(atPath: base.path) else { return [] }
        return walker.compactMap { $0 as? String }
            .filter { path in
                !path.split(separator: "/").contains { $0.hasPrefix(".build") }
                    && endings.contains { path.hasSuffix($0) }
            }
            .map { folder.isEmpty ? $0 : folder + "/" + $0 }.sorted()
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }
}
