import Domain
import Foundation
import Synchronization
import Testing

@testable import Clips

/// Exports as files: what other programs make of the ZIP, and that no half file is ever there.
struct ExportFileTests {
    /// A folder of its own with media in it.
    private static func with(
        mostBytes: Int64 = 1 << 40, _ body: (DiskExportFolder, _ exports: String, _ media: String) async throws -> Void
    ) async throws {
        let base = FileManager.default.temporaryDirectory.path + "/export-\(UUID().uuidString.prefix(8))"
        for folder in ["/media", "/exports"] {
            try FileManager.default.createDirectory(atPath: base + folder, withIntermediateDirectories: true)
        }
        defer { try? FileManager.default.removeItem(atPath: base) }
        let folder = try DiskExportFolder(folder: base + "/exports", mediaFolder: base + "/media", mostBytes: mostBytes)
        try await body(folder, base + "/exports", base + "/media")
    }

    private static func python(_ script: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    /// Checks every checksum and prints names, sizes, SHA-256 and times.
    private static let look = """
        import hashlib, sys, zipfile
        z = zipfile.ZipFile(sys.argv[1])
        assert z.testzip() is None
        for i in z.infolist():
            d = z.read(i)
            assert len(d) == i.file_size
            print(i.filename, i.file_size, hashlib.sha256(d).hexdigest(), '%d-%02d-%02dT%02d:%02d:%02d' % i.date_time)
        """

    @Test func `the checksum is the one that everybody knows`() {
        for (text, expected) in [("123456789", UInt32(0xcbf4_3926)), ("", 0), ("a", 0xe8b7_be43)] {
            var crc = CRC32()
            Array(text.utf8).withUnsafeBytes { crc.update($0) }
            #expect(crc.value == expected, "\(text)")
        }
        // However it is cut into pieces.
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var whole = CRC32()
        bytes.withUnsafeBytes { whole.update($0) }
        for step in [1, 3, 7, 8, 9, 64] {
            var crc = CRC32()
            for start in stride(from: 0, to: bytes.count, by: step) {
                Array(bytes[start..<min(start + step, bytes.count)]).withUnsafeBytes { crc.update($0) }
            }
            #expect(crc.value == whole.value, "\(step)")
        }
    }

    @Test func `python opens a ZIP and finds the same bytes, names and times`() async throws {
        try await Self.with { folder, exports, media async throws in
            let big = Data((0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 7) })
            try big.write(to: URL(fileURLWithPath: media + "/clip.mp4"))
            try Data().write(to: URL(fileURLWithPath: media + "/empty"))
            let time = try #require(WallTime(rfc3339: "2026-05-01T10:00:06.000Z"))
            let file = try await folder.begin(.make(at: time), .zip)
            let seen = Mutex(0)
            var digests: [String] = []
            for (part, name) in [
                (ExportPart.media(path: "clip.mp4"), "events/Tür 1/clip.mp4"), (.bytes(Array("{}".utf8)), "a.json"),
                (.media(path: "empty"), "empty"),
            ] {
                digests.append(
                    try await file.add(part, name: name, modified: time) { count in seen.withLock { $0 += count } }
                        .sha256)
            }
            #expect(seen.withLock { $0 } == big.count + 2)
            await #expect(throws: FileIsGone.self) {
                _ = try await file.add(.media(path: "gone"), name: "gone", modified: time) { _ in }
            }
            // Not there before it is finished.
            #expect(try FileManager.default.contentsOfDirectory(atPath: exports).allSatisfy { $0.hasSuffix(".part") })
            let (name, size, _) = try await file.finish()
            let path = exports + "/" + name
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64 == size)
            let found = try Self.python(Self.look, [path])
            #expect(
                found.output.split(separator: "\n") == [
                    "events/Tür 1/clip.mp4 3000001 \(digests[0]) 2026-05-01T10:00:06",
                    "a.json 2 \(digests[1]) 2026-05-01T10:00:06", "empty 0 \(digests[2]) 2026-05-01T10:00:06",
                ], "\(found.output)")
        }
    }

    @Test(arguments: [UInt64(0), 10, 1000]) func `the forms for more than four gigabytes are read too`(
        from wide: UInt64
    ) async throws {
        try await Self.with { _, exports, _ async throws in
            let path = exports + "/wide.zip"
            let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
            defer { close(descriptor) }
            var zip = ZipWriter(descriptor, path: path, wideFrom: wide, manyFrom: 3)
            let time = try #require(WallTime(rfc3339: "2026-05-01T10:00:06.000Z"))
            for (index, size) in [5, 2000, 0].enumerated() {
                try zip.begin("\(index)", modified: time, sizeBytes: Int64(size))
                let bytes = [UInt8](repeating: 65, count: size)
                let result: Result<Void, ClipError> = bytes.withUnsafeBytes { buffer in
                    Result { () throws(ClipError) in try zip.write(buffer) }
                }
                try result.get()
                try zip.end()
            }
            try zip.finish()
            let found = try Self.python(Self.look, [path])
            #expect(found.status == 0, "\(found.output)")
            #expect(found.output.split(separator: "\n").map { $0.split(separator: " ")[1] } == ["5", "2000", "0"])
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func `what is given up, cut short or of another length leaves nothing`() async throws {
        try await Self.with { folder, exports, media async throws in
            try Data(repeating: 1, count: 5_000_000).write(to: URL(fileURLWithPath: media + "/clip.mp4"))
            struct Enough: Error {}
            for format in Export.Format.allCases {
                var file: (any ExportFile)? = try await folder.begin(.make(at: WallTime(secondsSinceEpoch: 1)), format)
                await #expect(throws: Enough.self) {
                    _ = try await file?.add(
                        .media(path: "clip.mp4"), name: "x", modified: WallTime(secondsSinceEpoch: 1)
                    ) { _ in throw Enough() }
                }
                // Being made: tidying leaves it.
                #expect(await folder.settled() == [])
                file = nil
                // The thread that wrote last may hold it for a moment more.
                while try !FileManager.default.contentsOfDirectory(atPath: exports).isEmpty { await Task.yield() }
            }
            // What a kill left is nobody's.
            try Data([1]).write(to: URL(fileURLWithPath: exports + "/left.zip.part"))
            #expect(await folder.settled() == ["left.zip.part"])
        }
    }

    @Test func `an export for which there is no place is refused with what to do`() async throws {
        try await Self.with(mostBytes: 100_000_000) { folder, exports, _ async throws in
            #expect(await folder.refusal(ofBytes: 90_000_000) == nil)
            try Data(repeating: 0, count: 20_000_000).write(to: URL(fileURLWithPath: exports + "/a.zip"))
            let refusal = try #require(await folder.refusal(ofBytes: 90_000_000))
            #expect(refusal.contains("exports.max_gigabytes") && refusal.contains("0.02 GB"), "\(refusal)")
        }
        try await Self.with { folder, _, _ async throws in
            let refusal = try #require(await folder.refusal(ofBytes: 1 << 39))
            #expect(refusal.contains("kept for recording"))
        }
    }
}
