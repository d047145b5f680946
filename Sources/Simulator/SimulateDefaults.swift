import Foundation

/// What `vedette simulate` serves when nothing is said.
package enum SimulateDefaults {
    /// The clips that a folder's `media.json` lists, as streams named after the files; only those whose file is there.
    /// Empty where there is no such folder or manifest.
    package static func files(in directory: String) throws(SimulatorError) -> [SimulatedSite.Stream] {
        struct Manifest: Decodable {
            struct Clip: Decodable { var file: String }
            var clips: [Clip]
        }
        let folder = URL(fileURLWithPath: directory, isDirectory: true)
        let path = folder.appendingPathComponent("media.json")
        guard FileManager.default.fileExists(atPath: path.path) else { return [] }
        let manifest: Manifest
        do {
            manifest = try JSONDecoder().decode(Manifest.self, from: Data(contentsOf: path))
        } catch {
            throw SimulatorError(.file, "\(path.path) is not a list of clips: \(error)")
        }
        // Only names without a folder: a manifest cannot point elsewhere.
        let files = manifest.clips.map(\.file).filter { !$0.contains("/") }
        return streams(for: files.map { folder.appendingPathComponent($0).path }).filter { stream in
            guard case .file(let path) = stream.source else { return false }
            return FileManager.default.fileExists(atPath: path)
        }
    }

    /// Streams for files, named after them; same names get a number.
    package static func streams(for paths: [String]) -> [SimulatedSite.Stream] {
        var taken: Set<String> = []
        return paths.map { path in
            let stem = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
            let clean = String(
                stem.prefix(48).map { SimulatedSite.Configuration.isValid(name: String($0)) ? $0 : "-" })
            let base = SimulatedSite.Configuration.isValid(name: clean) ? clean : "camera"
            var name = base
            var number = 2
            while !taken.insert(name).inserted {
                name = "\(base)-\(number)"
                number += 1
            }
            return SimulatedSite.Stream(name: name, source: .file(path: path))
        }
    }
}
