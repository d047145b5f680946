import Domain
import GStreamerKit

import Glibc

/// Reads an MP4 file, finished or still growing, back into encoded units in decoding order. Every call blocks.
///
/// GStreamer's qtdemux (1.22) loses samples in the files that mp4mux leaves while they grow, as these have samples in the
/// movie box and in fragments; hence this reader.
final class MP4Reader {
    struct Unit: Sendable {
        var track: Track
        var presentation: MediaTime
        var durationNanoseconds: Int64?
        var isKeyframe: Bool
        var buffer: Buffer
    }

    /// Longest index that is read; an hour of pictures and sound needs a few megabytes.
    private static let longestIndexBytes: Int64 = 64 << 20

    let video: MP4Track
    let audio: MP4Track?
    private let descriptor: Int32
    private let path: String
    private var nextVideo = 0
    private var nextAudio = 0

    /// Nil when the file has no video that can be read.
    init?(_ path: String) throws(ClipError) {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DurableFile.failure("open", path) }
        do throws(ClipError) {
            let tracks = try Self.tracks(descriptor, path)
            guard let video = tracks.first(where: { if case .video = $0.format { true } else { false } }),
                !video.samples.isEmpty
            else {
                close(descriptor)
                return nil
            }
            self.video = video
            audio = tracks.first { $0.format.isAudio && !$0.samples.isEmpty }
            self.descriptor = descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    /// The stream as a camera would have described it.
    func description() throws(ClipError) -> StreamDescription? {
        guard case .video(let codec, let width, let height, _) = video.format else { return nil }
        let videoFormat = try ClipFormat(video.format)
        var audioFormat: ClipFormat?
        if let audio { audioFormat = try ClipFormat(audio.format) }
        return StreamDescription(
            codec: codec, widthPixels: width, heightPixels: height, framesPerSecond: nil,
            videoFormat: videoFormat, audioFormat: audioFormat)
    }

    /// The next unit of either track by decoding time; nil at the end.
    func next() throws(ClipError) -> Unit? {
        let videoSample = nextVideo < video.samples.count ? video.samples[nextVideo] : nil
        if let audio, nextAudio < audio.samples.count {
            let sample = audio.samples[nextAudio]
            if videoSample.map({ audio.decoding(of: sample) < video.decoding(of: $0) }) ?? true {
                nextAudio += 1
                return try read(sample, of: audio, as: .audio)
            }
        }
        guard let videoSample else { return nil }
        nextVideo += 1
        return try read(videoSample, of: video, as: .video)
    }

    /// One unit of the video, by its place in the order of decoding; nil where the file ends before it. Changes nothing.
    func videoUnit(_ index: Int) -> AccessUnit? {
        guard video.samples.indices.contains(index) else { return nil }
        let sample = video.samples[index]
        guard sample.size > 0, sample.size < 1 << 28, let bytes = Self.bytes(descriptor, sample.offset, sample.size)
        else { return nil }
        return AccessUnit(
            track: .video, presentation: video.presentation(of: sample),
            durationNanoseconds: video.nanoseconds(sample.duration), isKeyframe: sample.isKeyframe,
            arrivedAt: WallTime(nanosecondsSinceEpoch: 0), payload: BytesPayload(bytes))
    }

    private func read(_ sample: MP4Track.Sample, of track: MP4Track, as kind: Track) throws(ClipError) -> Unit? {
        // A size beyond the file is noticed before memory is asked for: the bytes are read in one piece.
        guard sample.size > 0, sample.size < 1 << 28, let bytes = Self.bytes(descriptor, sample.offset, sample.size)
        else { return nil }
        do {
            return Unit(
                track: kind, presentation: track.presentation(of: sample),
                durationNanoseconds: track.nanoseconds(sample.duration),
                isKeyframe: sample.isKeyframe || kind == .audio,
                buffer: try Buffer(copying: bytes))
        } catch {
            throw ClipError("cannot read \(path): \(error)")
        }
    }

    private static func tracks(_ descriptor: Int32, _ path: String) throws(ClipError) -> [MP4Track] {
        var tracks: [MP4Track] = []
        for box in try MP4Layout(of: descriptor, path: path).boxes where box.type == "moov" || box.type == "moof" {
            guard box.size < longestIndexBytes, let whole = bytes(descriptor, box.offset, Int(box.size)),
                let content = ByteCursor(whole[...]).first(box.type)
            else { continue }
            if box.type == "moov" {
                // A finished file has one at its end that tells everything.
                tracks = movie(content)
            } else {
                var cursor = ByteCursor(content)
                while let traf = cursor.box() {
                    guard traf.type == "traf", let header = ByteCursor.find("tfhd", in: traf.content) else { continue }
                    var fields = ByteCursor(header)
                    guard fields.skip(4), let id = fields.word32(),
                        let index = tracks.firstIndex(where: { $0.id == id })
                    else { continue }
                    tracks[index].addFragment(traf: traf.content, moofOffset: box.offset)
                }
            }
        }
        return tracks
    }

    static func movie(_ content: ArraySlice<UInt8>) -> [MP4Track] {
        var tracks: [MP4Track] = []
        let timescale = ByteCursor.find("mvhd", in: content).flatMap { MP4Track.timescale($0) } ?? 1000
        var cursor = ByteCursor(content)
        while let box = cursor.box() {
            if box.type == "trak", let track = MP4Track(trak: box.content, movieTimescale: timescale) {
                tracks.append(track)
            }
        }
        if let mvex = ByteCursor.find("mvex", in: content) {
            var boxes = ByteCursor(mvex)
            while let box = boxes.box() {
                var fields = ByteCursor(box.content)
                guard box.type == "trex", fields.skip(4), let id = fields.word32(),
                    let index = tracks.firstIndex(where: { $0.id == id })
                else { continue }
                tracks[index].setDefaults(trex: box.content)
            }
        }
        return tracks
    }

    /// Nil when the file ends before.
    private static func bytes(_ descriptor: Int32, _ offset: Int64, _ count: Int) -> [UInt8]? {
        var status = stat()
        guard offset >= 0, fstat(descriptor, &status) == 0, offset <= Int64(status.st_size) - Int64(count) else {
            return nil
        }
        var result = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = result.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress?.advanced(by: done), count - done, off_t(offset) + off_t(done))
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return nil }
            done += got
        }
        return result
    }
}

/// Bytes of a file as a unit's payload.
private final class BytesPayload: AccessUnitPayload {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var byteCount: Int { bytes.count }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBytes(body)
    }
}
