import GStreamerKit

/// Gathers the samples of one appsink into a track.
final class TrackCollector {
    /// The end of a branch: parsed, complete units with their headers in-band, as the payloaders take them; where only the
    /// camera's description has the parameter sets, with those in the caps.
    static func branch(for codec: StreamCodec, _ parameterSets: ParameterSets = .everywhere) -> String {
        switch codec {
        case .h264 where parameterSets == .description:
            "h264parse ! video/x-h264,stream-format=avc,alignment=au"
                + " ! appsink name=units sync=false async=false max-buffers=64"
        case .h265 where parameterSets == .description:
            "h265parse ! video/x-h265,stream-format=hvc1,alignment=au"
                + " ! appsink name=units sync=false async=false max-buffers=64"
        case .h264:
            "h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream,alignment=au"
                + " ! appsink name=units sync=false async=false max-buffers=64"
        case .h265:
            "h265parse config-interval=-1 ! video/x-h265,stream-format=byte-stream,alignment=au"
                + " ! appsink name=units sync=false async=false max-buffers=64"
        case .mjpeg: "jpegparse ! image/jpeg ! appsink name=units sync=false async=false max-buffers=64"
        case .aac:
            "aacparse ! audio/mpeg,mpegversion=4,stream-format=raw"
                + " ! appsink name=units sync=false async=false max-buffers=64"
        case .pcma: "capsfilter caps=audio/x-alaw ! appsink name=units sync=false async=false max-buffers=64"
        case .pcmu: "capsfilter caps=audio/x-mulaw ! appsink name=units sync=false async=false max-buffers=64"
        case .opus: "opusparse ! audio/x-opus ! appsink name=units sync=false async=false max-buffers=64"
        }
    }

    private let codec: StreamCodec
    private let parameterSets: ParameterSets
    private let sink: AppSink
    private var caps: Caps?
    private var bytes = MediaBytes.Builder()
    private var units: [EncodedUnit] = []

    init(codec: StreamCodec, sink: AppSink, _ parameterSets: ParameterSets = .everywhere) {
        self.codec = codec
        self.parameterSets = parameterSets
        self.sink = sink
    }

    var byteCount: Int { bytes.count }

    /// Takes what waits in the appsink.
    func drain() {
        while let sample = sink.pull() {
            guard let presentation = sample.presentationRunningTime else { continue }
            caps = caps ?? sample.caps
            let buffer = sample.buffer
            let (offset, count) = buffer.withUnsafeBytes { unit in
                if parameterSets == .description, codec == .h264 || codec == .h265 {
                    let bare = ParameterSets.removed(from: unit, codec: codec)
                    return (bare.withUnsafeBytes { bytes.append($0) }, bare.count)
                }
                let count = EndOfSequence.trimmedCount(unit, codec: codec)
                return (bytes.append(UnsafeRawBufferPointer(rebasing: unit[..<count])), count)
            }
            units.append(
                EncodedUnit(
                    offset: offset, byteCount: count, presentation: presentation,
                    duration: Int64(clamping: buffer.durationNanoseconds ?? 0),
                    isKeyframe: !codec.isVideo || codec == .mjpeg || !buffer.isDelta))
        }
    }

    /// The track, nil when nothing usable came: pictures before the first keyframe are left out.
    func finish() -> EncodedTrack? {
        guard let caps, let first = units.firstIndex(where: \.isKeyframe) else { return nil }
        let rate = caps.fraction("framerate").flatMap { rate in
            rate.numerator > 0 && rate.denominator > 0 ? Double(rate.numerator) / Double(rate.denominator) : nil
        }
        return EncodedTrack(
            codec: codec, caps: caps.text, widthPixels: caps.integer("width"), heightPixels: caps.integer("height"),
            framesPerSecond: codec.isVideo ? rate : nil, bytes: bytes.finish(), units: Array(units[first...]))
    }
}
