import Domain
import Synchronization

import Glibc

/// Exports as files of a folder of their own: `<export>-<random>.zip`, with `.part` behind it until it is whole.
package final class DiskExportFolder: ExportFolder {
    private let folder: String
    private let mediaFolder: String
    private let mostBytes: Int64
    /// Recording goes before exports: so much of the disk is left to it.
    private static let reservedBytes: Int64 = 2 << 30
    /// Being made, or made and not yet told of.
    private let held = Mutex<Set<String>>([])

    /// Makes the folder where it is missing.
    package init(folder: String, mediaFolder: String, mostBytes: Int64) throws(ClipError) {
        self.folder = folder
        self.mediaFolder = mediaFolder
        self.mostBytes = mostBytes
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw DurableFile.failure("make", folder) }
    }

    package func path(of file: String) -> String { folder + "/" + file }

    package func begin(_ id: Identifier<Export>, _ format: Export.Format) async throws -> any ExportFile {
        let file = "\(id)-\(UInt32.random(in: .min ... .max)).\(format.rawValue)"
        held.withLock { _ = $0.insert(file) }
        do {
            return try await DurableFile.run { [self] () throws(ClipError) in
                try DiskExportFile(file, in: folder, mediaFolder: mediaFolder, isZip: format == .zip) { [self] in
                    held.withLock { _ = $0.remove(file) }
                }
            }
        } catch {
            held.withLock { _ = $0.remove(file) }
            throw error
        }
    }

    package func refusal(ofBytes bytes: Int64) async -> String? {
        let names = self.names()
        let used = names.reduce(Int64(0)) { sum, name in
            var info = stat()
            return stat(path(of: name), &info) == 0 ? sum + Int64(info.st_size) : sum
        }
        func gigabytes(_ bytes: Int64) -> String { "\(Double(bytes / 10_000_000) / 100) GB" }
        if used + bytes > mostBytes {
            return
                "the export takes about \(gigabytes(bytes)), others take \(gigabytes(used)), and together they may take \(gigabytes(mostBytes)): delete others, ask for less, or raise exports.max_gigabytes"
        }
        var disk = statvfs()
        guard statvfs(folder, &disk) == 0 else { return nil }
        let free = Int64(disk.f_bavail) * Int64(disk.f_frsize)
        guard free - bytes < Self.reservedBytes else { return nil }
        return
            "the export takes about \(gigabytes(bytes)), and of the disk's free \(gigabytes(free)) \(gigabytes(Self.reservedBytes)) are kept for recording"
    }

    package func remove(_ file: String) async { unlink(path(of: file)) }

    package func settled() async -> Set<String> {
        let names = self.names()
        let held = self.held.withLock { $0 }
        return Set(
            names.filter {
                !held.contains($0.hasSuffix(DiskExportFile.partSuffix) ? String($0.dropLast(5)) : $0)
            })
    }

    private func names() -> [String] {
        guard let listing = opendir(folder) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
