import Domain

import Glibc

/// Makes one MP4 of the segments of a span, without transcoding and without writing it anywhere: its header is made at once,
/// its media are read from the segments' files when they are asked for.
package struct RecordingAssembler: RecordingReader {
    private let mediaFolder: String

    package init(mediaFolder: String) { self.mediaFolder = mediaFolder }

    package func open(
        _ segments: [SegmentRecord], from: WallTime, to: WallTime, keepsGaps: Bool
    ) async throws -> any RecordingFile {
        let folder = mediaFolder
        let result = try await DurableFile.run {
            () throws(ClipError) -> Result<AssembledRecording, RecordingPlan.Refusal> in
            let there = segments.filter { Self.size(folder + "/" + $0.path) == $0.sizeBytes }
            let plan: RecordingPlan
            do throws(RecordingPlan.Refusal) {
                plan = try RecordingPlan(there, from: from, to: to, keepsGaps: keepsGaps)
            } catch {
                return .failure(error)
            }
            var assembly = RecordingAssembly()
            for (index, piece) in plan.pieces.enumerated() {
                let next = index + 1 < plan.pieces.count ? plan.pieces[index + 1] : nil
                try assembly.add(
                    piece, path: folder + "/" + piece.segment.path, isLast: next == nil,
                    cutsSound: next?.followsGap ?? true)
            }
            assembly.finish(plan)
            return .success(AssembledRecording(plan, assembly))
        }
        return try result.get()
    }

    private static func size(_ path: String) -> Int64? {
        var info = stat()
        return stat(path, &info) == 0 ? Int64(info.st_size) : nil
    }
}

/// See `RecordingAssembler`.
final class AssembledRecording: RecordingFile {
    let plan: RecordingPlan
    let sizeBytes: Int64
    private let header: [UInt8]
    private let extents: [RecordingAssembly.Extent]

    init(_ plan: RecordingPlan, _ assembly: RecordingAssembly) {
        self.plan = plan
        header = RecordingHeader.bytes(assembly, plan)
        extents = assembly.extents
        sizeBytes = Int64(header.count) + assembly.mediaBytes
    }

    func read(at offset: Int64, count: Int) async throws(ClipError) -> [UInt8] {
        guard offset >= 0, offset < sizeBytes, count > 0 else {
            throw ClipError("a recording was read outside of its \(sizeBytes) bytes")
        }
        if offset < Int64(header.count) { return Array(header[Int(offset)...].prefix(count)) }
        let position = offset - Int64(header.count)
        return try await DurableFile.run { () throws(ClipError) in try self.media(at: position, count: count) }
    }

    /// Several extents are read in one go: they are about a second long each.
    private func media(at position: Int64, count: Int) throws(ClipError) -> [UInt8] {
        var result: [UInt8] = []
        var index = firstExtent(after: position)
        var opened: (path: String, descriptor: Int32)?
        defer { if let opened { close(opened.descriptor) } }
        while index < extents.count, result.count < count {
            let extent = extents[index]
            if opened?.path != extent.path {
                if let before = opened { close(before.descriptor) }
                opened = nil
                let descriptor = Glibc.open(extent.path, O_RDONLY | O_CLOEXEC)
                guard descriptor >= 0 else { throw DurableFile.failure("open", extent.path) }
                opened = (extent.path, descriptor)
            }
            let skipped = max(0, position + Int64(result.count) - extent.position)
            let wanted = min(count - result.count, Int(extent.length - skipped))
            guard let descriptor = opened?.descriptor else { break }
            try Self.append(wanted, of: extent, at: extent.offset + skipped, descriptor, to: &result)
            index += 1
        }
        return result
    }

    private static func append(
        _ count: Int, of extent: RecordingAssembly.Extent, at offset: Int64, _ descriptor: Int32,
        to result: inout [UInt8]
    ) throws(ClipError) {
        var piece = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = piece.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress?.advanced(by: done), count - done, off_t(offset) + off_t(done))
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw ClipError("\(extent.path) is shorter than its index says") }
            done += got
        }
        result += piece
    }

    /// The extent that holds a position.
    private func firstExtent(after position: Int64) -> Int {
        var (low, high) = (0, extents.count)
        while low < high {
            let middle = (low + high) / 2
            if extents[middle].position + extents[middle].length <= position { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
