import Domain
import GStreamerKit

import Glibc

/// Writes clips as MP4 files and repairs those whose writer died.
package struct MP4ClipWriterOpener: ClipWriterOpener {
    package init() {}

    package func open(_ stream: StreamDescription, path: String) throws(ClipError) -> any ClipWriter {
        try MP4ClipWriter(stream, path: path)
    }

    package func openSegment(_ stream: StreamDescription, path: String) throws(ClipError) -> any ClipWriter {
        try MP4ClipWriter(stream, path: path, keepsLeading: true)
    }

    /// Muxes the playable part anew into `path.recovering` and replaces `path` by it, so that a crash in between leaves
    /// the file as it was.
    package func recover(path: String) async throws(ClipError) -> RecoveredClip? {
        let playable = try await DurableFile.run { () throws(ClipError) in
            let length = try MP4Layout(of: path).playableBytes
            // What lies behind is no whole fragment and never plays, but confuses demuxers.
            guard length == 0 || truncate(path, off_t(length)) == 0 else { throw DurableFile.failure("cut", path) }
            return length
        }
        guard playable > 0 else { return nil }
        let target = path + ".recovering"
        try await DurableFile.run { () throws(ClipError) in
            guard unlink(target) == 0 || errno == ENOENT else { throw DurableFile.failure("remove", target) }
        }
        guard let result = try await remux(path, into: target) else { return nil }
        try await DurableFile.run { () throws(ClipError) in try DurableFile.replace(path, with: target) }
        return result
    }

    /// Nil when there is no picture; then, and after an error, there is no `target`.
    private func remux(_ path: String, into target: String) async throws(ClipError) -> RecoveredClip? {
        // Each piece of reading blocks for as long as the disk takes, so it goes off the shared pool.
        let begun = try await DurableFile.run { () throws(ClipError) -> Remux? in
            guard let reader = try MP4Reader(path), let description = try reader.description() else { return nil }
            // A clip has no leading pictures to keep; a segment may.
            let writer = try MP4ClipWriter(description, path: target, keepsLeading: true)
            return Remux(reader: reader, writer: writer, description: description)
        }
        guard let remux = begun else { return nil }
        do throws(ClipError) {
            while try await DurableFile.run({ () throws(ClipError) in try remux.copySome() }) {
                try await remux.writer.waitForRoom()
            }
            guard remux.hasPicture else {
                await remux.writer.abandon()
                unlink(target)
                return nil
            }
            let (clip, description) = (try await remux.writer.finish(), remux.description)
            return RecoveredClip(
                clip: clip, codec: description.codec, widthPixels: description.widthPixels,
                heightPixels: description.heightPixels)
        } catch {
            await remux.writer.abandon()
            unlink(target)
            throw error
        }
    }

    /// A copy under way.
    private final class Remux: @unchecked Sendable {
        // Touched by one call at a time: each is awaited before the next.
        let reader: MP4Reader
        let writer: MP4ClipWriter
        let description: StreamDescription
        private(set) var hasPicture = false

        init(reader: MP4Reader, writer: MP4ClipWriter, description: StreamDescription) {
            self.reader = reader
            self.writer = writer
            self.description = description
        }

        /// Copies some units; false at the end. Blocks.
        func copySome() throws(ClipError) -> Bool {
            for _ in 0..<256 {
                guard let unit = try reader.next() else { return false }
                if unit.track == .video { hasPicture = true }
                writer.append(
                    unit.track, presentation: unit.presentation, durationNanoseconds: unit.durationNanoseconds,
                    isKeyframe: unit.isKeyframe, buffer: unit.buffer)
            }
            return true
        }
    }
}

extension MP4ClipWriter {
    /// Reading is faster than writing: waits while much is queued. A pause, as the disk gives no signal.
    fileprivate func waitForRoom() async throws(ClipError) {
        var pauses = 0
        while queuedBytes > Self.mostQueuedBytes / 2 {
            pauses += 1
            guard pauses < 6000, (try? await Task.sleep(for: .milliseconds(5))) != nil else {
                throw ClipError("recovering a clip was cancelled or the disk does not answer")
            }
        }
    }
}
