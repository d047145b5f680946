/// How the payload of a track is encoded.
package enum StreamCodec: String, Sendable, Hashable, Codable, CaseIterable {
    case h264, h265, mjpeg, aac, pcma, pcmu, opus

    package var isVideo: Bool { self == .h264 || self == .h265 || self == .mjpeg }
}

/// One encoded picture or audio frame of a program, in decoding order. Times in nanoseconds from the loop's start.
struct EncodedUnit: Sendable, Hashable {
    var offset: Int
    var byteCount: Int
    var presentation: Int64
    var duration: Int64
    var isKeyframe: Bool
}

/// One elementary stream in memory.
struct EncodedTrack: Sendable {
    var codec: StreamCodec
    /// GStreamer caps of the units, as text.
    var caps: String
    var widthPixels: Int?
    var heightPixels: Int?
    var framesPerSecond: Double?
    var bytes: MediaBytes
    /// In decoding order; at least one.
    var units: [EncodedUnit]
}

/// What one simulated camera plays over and over: demultiplexed and parsed once, held in memory.
struct Program: Sendable {
    let tracks: [EncodedTrack]
    let timeline: Timeline

    /// Puts tracks on one timeline that starts with the first picture (or the first sound, where there is no picture) and
    /// ends with the end of the last one. Sound outside the pictures' span is left out.
    init(tracks raw: [EncodedTrack], subject: String) throws(SimulatorError) {
        guard let leading = raw.firstIndex(where: \.codec.isVideo) ?? raw.indices.first, !raw[leading].units.isEmpty
        else { throw SimulatorError(.file, "\(subject) holds no video or sound that can be served") }
        let start = raw[leading].units.map(\.presentation).min() ?? 0
        let sorted = raw[leading].units.map(\.presentation).sorted()
        let loop = Self.length(of: raw[leading].units, sortedPresentations: sorted)
        guard loop > 0 else { throw SimulatorError(.file, "\(subject) has no length") }
        var tracks: [EncodedTrack] = []
        for (index, var track) in raw.enumerated() {
            for unit in track.units.indices { track.units[unit].presentation -= start }
            if index != leading { track.units.removeAll { $0.presentation < 0 || $0.presentation >= loop } }
            if !track.units.isEmpty { tracks.append(track) }
        }
        self.tracks = tracks
        timeline = Timeline(tracks: tracks.map(\.units), loopNanoseconds: loop)
    }

    var video: EncodedTrack? { tracks.first { $0.codec.isVideo } }
    var byteCount: Int { tracks.reduce(0) { $0 + $1.bytes.count } }

    /// From the first presentation to the end of the last unit: its own duration where it says one, else the usual
    /// spacing.
    private static func length(of units: [EncodedUnit], sortedPresentations sorted: [Int64]) -> Int64 {
        guard let first = sorted.first, let last = sorted.last else { return 0 }
        let spacing =
            sorted.count > 1 ? Int64((Double(last - first) / Double(sorted.count - 1)).rounded()) : 40_000_000
        let own = units.first { $0.presentation == last }?.duration ?? 0
        // A last duration that is far off (some muxers write nonsense there) would be heard as a gap.
        let end = own > 0 && own < spacing * 4 ? own : spacing
        return last - first + end
    }
}
