import Domain
import GStreamerKit

/// A fragmented MP4 for one viewer, as browsers take it piece by piece: times from zero, a fragment for whatever units came
/// together, nothing decoded and nothing encoded.
struct LiveFragments: LiveMuxer {
    static let videoTimescale: Int64 = 90_000

    let contentType: String
    let header: [UInt8]
    private var video: LiveTrack
    private var audio: LiveTrack?
    private let declaredDepth: Int
    private let usualInterval: Int64
    private var begun: (start: MediaTime, offset: Int64, timeline: DecodeTimeline)?
    private var hasSecondKeyframe = false
    private var latestAudio: Int64 = -1
    private var fragments = 0

    init(_ stream: StreamDescription, withAudio: Bool) throws(ClipError) {
        guard let format = MP4ClipWriter.caps(of: stream.videoFormat), let configuration = format.bytes("codec_data"),
            let videoText = CodecText.video(stream.codec, configuration: configuration)
        else { throw ClipError("a live view cannot begin: the stream does not say how its pictures are encoded") }
        let sound = withAudio ? stream.audioFormat.flatMap { Self.audio($0) } : nil
        let codecs = [videoText, sound?.text].compactMap(\.self).joined(separator: ", ")
        contentType = "video/mp4; codecs=\"\(codecs)\""
        header = LiveHeader.bytes(
            LiveHeader.Video(
                codec: stream.codec, widthPixels: stream.widthPixels, heightPixels: stream.heightPixels,
                configuration: configuration, timescale: Self.videoTimescale), sound?.header)
        let rate = stream.framesPerSecond.flatMap { (0.1...1000).contains($0) ? $0 : nil } ?? 25
        usualInterval = Int64(1e9 / rate)
        video = LiveTrack(id: LiveHeader.videoTrack, timescale: Self.videoTimescale, intervalSeconds: 1 / rate)
        audio = sound.map {
            LiveTrack(
                id: LiveHeader.audioTrack, timescale: Int64($0.header.rate),
                // A usual packet, until two have come.
                intervalSeconds: $0.text == "opus" ? 0.02 : 1024 / Double($0.header.rate))
        }
        declaredDepth = ReorderDeclaration.depth(codec: stream.codec, configuration: configuration) ?? 0
    }

    /// Nil for sound that browsers do not take piece by piece.
    private static func audio(_ format: any OpaqueFormat) -> (header: LiveHeader.Audio, text: String)? {
        guard let caps = MP4ClipWriter.caps(of: format) else { return nil }
        let channels = caps.integer("channels") ?? 2
        switch caps.mediaType {
        case "audio/mpeg":
            guard let rate = caps.integer("rate"), (1..<65536).contains(rate),
                let configuration = caps.bytes("codec_data"), let text = CodecText.aac(configuration: configuration)
            else { return nil }
            return (LiveHeader.Audio(codec: .aac(configuration), rate: rate, channels: channels), text)
        case "audio/x-opus" where (1...2).contains(channels):
            return (LiveHeader.Audio(codec: .opus, rate: 48_000, channels: channels), "opus")
        default:
            return nil  // No browser's Media Source takes G.711.
        }
    }

    mutating func add(_ units: [AccessUnit]) -> [UInt8] {
        for unit in units {
            switch unit.track {
            case .video:
                if begun == nil, unit.isKeyframe { begin(unit.presentation, with: units) }
                addPicture(unit)
            case .audio: addSound(unit)
            }
        }
        return fragment()
    }

    /// Decoding times of the first pictures lie before the presentation time of the first one; everything is moved behind
    /// zero by as much.
    private mutating func begin(_ start: MediaTime, with units: [AccessUnit]) {
        let shown = DecodeTimeline.depth(
            of: units.lazy.filter { $0.track == .video && $0.presentation >= start }.map(\.presentation.nanoseconds))
        let depth = max(declaredDepth, shown)
        begun = (
            start, Int64(depth) * usualInterval,
            DecodeTimeline(reorderDepth: depth, intervalNanoseconds: usualInterval)
        )
    }

    private mutating func addPicture(_ unit: AccessUnit) {
        guard let (start, offset, earlier) = begun else { return }
        var timeline = earlier
        let time = unit.presentation.nanoseconds - start.nanoseconds
        // Leading pictures of an open GOP refer to what came before this view.
        guard time > 0 || unit.isKeyframe && time == 0 || hasSecondKeyframe && time >= 0 else { return }
        if time > 0, unit.isKeyframe { hasSecondKeyframe = true }
        let decoding = timeline.decodingTime(presentation: time)
        begun = (start, offset, timeline)
        video.add(
            LiveTrack.Sample(
                decoding: max(0, video.ticks(decoding + offset)), presentation: video.ticks(time + offset), duration: 0,
                isKeyframe: unit.isKeyframe, payload: unit.payload))
    }

    private mutating func addSound(_ unit: AccessUnit) {
        guard let begun, let track = audio else { return }
        let time = unit.presentation.nanoseconds - begun.start.nanoseconds
        guard time >= 0, time > latestAudio else { return }
        latestAudio = time
        let ticks = track.ticks(time + begun.offset)
        audio?.add(
            LiveTrack.Sample(decoding: ticks, presentation: ticks, duration: 0, isKeyframe: true, payload: unit.payload)
        )
    }

    /// One `moof` and its `mdat` of what is ready; empty where nothing is.
    private mutating func fragment() -> [UInt8] {
        let tracks = [
            (video, video.takeReady()), (audio, audio?.takeReady() ?? []),
        ].compactMap { track, samples in track.flatMap { samples.isEmpty ? nil : ($0, samples) } }
        guard !tracks.isEmpty else { return [] }
        fragments += 1
        var writer = BoxWriter()
        var offsets: [Int] = []
        writer.box("moof") {
            $0.fullBox("mfhd") { $0.word32(fragments) }
            for (track, samples) in tracks { $0.run(track, samples, offsets: &offsets) }
        }
        var data = writer.bytes.count + 8
        for ((_, samples), place) in zip(tracks, offsets) {
            writer.set32(data, at: place)
            data += samples.reduce(0) { $0 + $1.payload.byteCount }
        }
        writer.box("mdat") { data in
            for (_, samples) in tracks {
                for sample in samples { sample.payload.withUnsafeBytes { data.append($0) } }
            }
        }
        return writer.bytes
    }
}

extension BoxWriter {
    /// A `traf`; the place of its data's offset is added to `offsets`, to be filled in later.
    fileprivate mutating func run(_ track: LiveTrack, _ samples: [LiveTrack.Sample], offsets: inout [Int]) {
        box("traf") {
            $0.fullBox("tfhd", flags: 0x2_0000) { $0.word32(track.id) }
            $0.fullBox("tfdt", version: 1) { $0.word64(samples.first?.decoding ?? 0) }
            $0.fullBox("trun", version: 1, flags: 0xf01) {
                $0.word32(samples.count)
                offsets.append($0.bytes.count)
                $0.word32(0)
                for sample in samples {
                    $0.word32(Int(sample.duration))
                    $0.word32(sample.payload.byteCount)
                    // Depends on nothing, or on others and is no place to begin at.
                    $0.word32(sample.isKeyframe ? 0x200_0000 : 0x101_0000)
                    $0.word32(Int(sample.presentation - sample.decoding))
                }
            }
        }
    }
}

/// Begins live views.
package struct LiveFragmentsOpener: LiveMuxerOpener {
    package init() {}

    package func open(_ stream: StreamDescription, withAudio: Bool) throws(ClipError) -> any LiveMuxer {
        try LiveFragments(stream, withAudio: withAudio)
    }
}
