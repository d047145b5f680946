import Domain

/// A recording while its parts are being chosen: which samples of which files, in which order, and their tables.
///
/// Samples stay in the order in which they lie in their files, so that what is read together lies together. Blocks while it
/// reads the files' indexes, one at a time.
struct RecordingAssembly {
    /// A stretch of a file.
    struct Extent: Sendable {
        var path: String
        var offset: Int64
        var length: Int64
        /// From the beginning of the media.
        var position: Int64
    }
    private(set) var extents: [Extent] = []
    private(set) var mediaBytes: Int64 = 0
    private(set) var video = SampleTable(timescale: 90_000)
    private(set) var audio: SampleTable?
    /// Descriptions of the tracks, from the first file that has them.
    private(set) var tracks: (video: MP4Track, audio: MP4Track?)?
    private var decoding: DecodeTimeline?
    private var soundEnds: Int64 = .min

    private struct Chosen {
        var track: Track
        var offset: Int64
        var size: Int
        var presentation: Int64
        var duration: Int64
        var isKeyframe: Bool
    }

    /// Appends a piece; `cutsSound` where what follows it does not belong to it, so that sound may not run over.
    mutating func add(_ piece: RecordingPlan.Piece, path: String, isLast: Bool, cutsSound: Bool) throws(ClipError) {
        guard let reader = try MP4Reader(path) else { throw ClipError("\(path) holds no video that can be read") }
        if let tracks {
            guard tracks.video.format == reader.video.format,
                reader.audio == nil || tracks.audio == nil || tracks.audio?.format == reader.audio?.format
            else { throw ClipError("\(path) has another format than the part before it") }
        }
        let sound = reader.audio ?? tracks?.audio
        tracks = (tracks?.video ?? Self.withoutSamples(reader.video), tracks?.audio ?? sound.map(Self.withoutSamples))
        if audio == nil, let sound { audio = SampleTable(timescale: sound.timescale) }
        var chosen = pictures(of: reader.video, piece, isLast: isLast)
        if chosen.isEmpty { throw ClipError("\(path) has no picture where one should be") }
        if let sound = reader.audio {
            chosen += sounds(of: sound, piece, cuts: cutsSound || isLast)
        }
        chosen.sort { $0.offset < $1.offset }
        for sample in chosen { add(sample, piece, path) }
    }

    /// No more pieces come.
    mutating func finish(_ plan: RecordingPlan) {
        video.finish(until: plan.durationNanoseconds)
        audio?.finish(until: 0)
        if audio?.isEmpty ?? false { audio = nil }
    }

    /// From the newest keyframe at or before the beginning to the last picture before the end, in decoding order.
    private func pictures(of track: MP4Track, _ piece: RecordingPlan.Piece, isLast: Bool) -> [Chosen] {
        let times = track.samples.map { track.presentation(of: $0).nanoseconds }
        let keyframes = track.samples.indices.filter { track.samples[$0].isKeyframe }
        // Half a tick of the source, as times are rounded to it.
        let slack: Int64 = 1_000_000_000 / max(1, track.timescale) / 2 + 1
        guard
            let first = keyframes.last(where: { times[$0] <= piece.fromNanoseconds + slack }) ?? keyframes.first
        else { return [] }
        var end = track.samples.count
        if isLast {
            end = (track.samples.indices.last { times[$0] < piece.toNanoseconds - slack } ?? first) + 1
        }
        let second = keyframes.first { $0 > first } ?? end
        return (first..<max(end, first + 1)).compactMap { index in
            // Pictures of an open GOP that refer to what is not there.
            if piece.followsGap, index > first, index < second, times[index] < times[first] { return nil }
            let sample = track.samples[index]
            return Chosen(
                track: .video, offset: sample.offset, size: sample.size, presentation: times[index],
                duration: track.nanoseconds(sample.duration), isKeyframe: sample.isKeyframe)
        }
    }

    private func sounds(of track: MP4Track, _ piece: RecordingPlan.Piece, cuts: Bool) -> [Chosen] {
        track.samples.compactMap { sample in
            let time = track.presentation(of: sample).nanoseconds
            let duration = track.nanoseconds(sample.duration)
            guard time + duration > piece.fromNanoseconds, !cuts || time < piece.toNanoseconds else { return nil }
            return Chosen(
                track: .audio, offset: sample.offset, size: sample.size, presentation: time, duration: duration,
                isKeyframe: true)
        }
    }

    private mutating func add(_ sample: Chosen, _ piece: RecordingPlan.Piece, _ path: String) {
        let presentation = sample.presentation + piece.shiftNanoseconds
        switch sample.track {
        case .video:
            var timeline = decoding ?? DecodeTimeline(reorderDepth: depth, intervalNanoseconds: sample.duration)
            let time = timeline.decodingTime(presentation: presentation)
            decoding = timeline
            video.add(
                decoding: time, presentation: presentation, duration: sample.duration,
                isKeyframe: sample.isKeyframe, size: sample.size, offset: mediaBytes)
        case .audio:
            // What would sound at the same time as what is there already.
            guard presentation + sample.duration / 2 >= soundEnds else { return }
            soundEnds = presentation + sample.duration
            audio?.add(
                decoding: presentation, presentation: presentation, duration: sample.duration, isKeyframe: true,
                size: sample.size, offset: mediaBytes)
        }
        if let last = extents.last, last.path == path, last.offset + last.length == sample.offset {
            extents[extents.count - 1].length += Int64(sample.size)
        } else {
            extents.append(
                Extent(path: path, offset: sample.offset, length: Int64(sample.size), position: mediaBytes))
        }
        mediaBytes += Int64(sample.size)
    }

    /// How far the stream reorders.
    private var depth: Int {
        guard case .video(let codec, _, _, let configuration)? = tracks?.video.format else { return 0 }
        return ReorderDeclaration.depth(codec: codec, configuration: configuration) ?? 0
    }

    private static func withoutSamples(_ track: MP4Track) -> MP4Track {
        var track = track
        track.forgetSamples()
        return track
    }
}
