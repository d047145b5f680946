import Domain

/// One track of an MP4 file: its format and where each sample lies. Fills itself from `trak` and `traf` boxes, which may hold
/// anything: what makes no sense ends the list of samples.
struct MP4Track: Sendable {
    /// What the samples hold.
    enum Format: Sendable, Hashable {
        case video(VideoCodec, widthPixels: Int, heightPixels: Int, configuration: [UInt8])
        case aac(rate: Int, channels: Int, configuration: [UInt8])
        case g711(Law, rate: Int, channels: Int)
        /// One or two channels, at 48 kHz.
        case opus(channels: Int)

        /// As GStreamer names it.
        enum Law: String, Sendable, Hashable { case alaw, mulaw }

        var isAudio: Bool { if case .video = self { false } else { true } }
    }

    struct Sample: Sendable, Hashable {
        var offset: Int64
        var size: Int
        /// Ticks of the track's timescale.
        var decoding: Int64
        var presentation: Int64
        var duration: Int64
        var isKeyframe: Bool
    }

    /// Most samples that are read, which is nine hours at 60 pictures a second: a few bytes may claim any number.
    static let mostSamples = 2_000_000

    let id: Int
    let format: Format
    /// The content of the `stsd` box, as it stands in the file.
    let sampleDescription: [UInt8]
    /// Ticks in a second.
    let timescale: Int64
    private(set) var samples: [Sample] = []
    /// Where in the media playback begins, in ticks.
    private let mediaStart: Int64
    /// How long playback shows nothing before that.
    private let delayNanoseconds: Int64
    private var defaults = SampleDefaults()
    private var nextDecoding: Int64 = 0

    private struct SampleDefaults: Sendable {
        var duration = 0
        var size = 0
        var flags = 0
    }

    /// Leaves the description.
    mutating func forgetSamples() { samples = [] }

    /// Playback time of a sample.
    func presentation(of sample: Sample) -> MediaTime {
        MediaTime(nanoseconds: nanoseconds(sample.presentation &- mediaStart) &+ delayNanoseconds)
    }

    func decoding(of sample: Sample) -> Int64 { nanoseconds(sample.decoding &- mediaStart) &+ delayNanoseconds }

    func nanoseconds(_ ticks: Int64) -> Int64 {
        let (seconds, rest) = ticks.quotientAndRemainder(dividingBy: timescale)
        return seconds &* 1_000_000_000 &+ rest * 1_000_000_000 / timescale
    }

    /// From the content of a `trak` box; nil for tracks of a kind that no clip of ours holds.
    init?(trak: ArraySlice<UInt8>, movieTimescale: Int64) {
        guard let header = ByteCursor.find("tkhd", in: trak), let id = Self.trackID(header),
            let mdhd = ByteCursor.find("mdia", "mdhd", in: trak), let timescale = Self.timescale(mdhd),
            let tables = ByteCursor.find("mdia", "minf", "stbl", in: trak),
            let description = ByteCursor.find("stsd", in: tables), let format = Self.format(description)
        else { return nil }
        self.id = id
        self.timescale = timescale
        self.format = format
        sampleDescription = Array(description)
        (mediaStart, delayNanoseconds) = Self.edits(
            ByteCursor.find("edts", "elst", in: trak), movieTimescale: movieTimescale)
        addSamples(of: tables)
    }

    // MARK: Header

    private static func trackID(_ tkhd: ArraySlice<UInt8>) -> Int? {
        var cursor = ByteCursor(tkhd)
        guard let version = cursor.versionAndFlags()?.version, cursor.skip(version == 1 ? 16 : 8) else { return nil }
        return cursor.word32()
    }

    /// Of a `mdhd` or `mvhd` box: they begin alike.
    static func timescale(_ header: ArraySlice<UInt8>) -> Int64? {
        var cursor = ByteCursor(header)
        guard let version = cursor.versionAndFlags()?.version, cursor.skip(version == 1 ? 16 : 8),
            let timescale = cursor.word32(), timescale > 0
        else { return nil }
        return Int64(timescale)
    }

    static func edits(_ elst: ArraySlice<UInt8>?, movieTimescale: Int64) -> (Int64, Int64) {
        guard let elst else { return (0, 0) }
        var cursor = ByteCursor(elst)
        guard let version = cursor.versionAndFlags()?.version, let count = cursor.word32() else { return (0, 0) }
        var delay: Int64 = 0
        for _ in 0..<min(count, 16) {
            let duration = version == 1 ? cursor.word64() : cursor.word32().map { Int64($0) }
            let start = version == 1 ? cursor.number(bytes: 8).map { Int64(bitPattern: $0) } : cursor.signed32()
            guard let duration, let start, cursor.skip(4) else { break }
            if start >= 0 { return (start, delay) }
            guard duration < 1 << 40 else { break }
            let (seconds, rest) = duration.quotientAndRemainder(dividingBy: movieTimescale)
            // A day and more of nothing is no delay but nonsense.
            guard delay / 1_000_000_000 + seconds < 100_000 else { break }
            delay += seconds * 1_000_000_000 + rest * 1_000_000_000 / movieTimescale
        }
        return (0, delay)
    }

    private static func format(_ stsd: ArraySlice<UInt8>) -> Format? {
        var cursor = ByteCursor(stsd)
        guard cursor.skip(8), let entry = cursor.box() else { return nil }
        var fields = ByteCursor(entry.content)
        switch entry.type {
        case "avc1", "avc3", "hvc1", "hev1":
            guard fields.skip(24), let width = fields.word16(), let height = fields.word16(), fields.skip(50) else {
                return nil
            }
            let codec: VideoCodec = entry.type.hasPrefix("avc") ? .h264 : .h265
            guard let configuration = fields.first(codec == .h264 ? "avcC" : "hvcC") else { return nil }
            return .video(codec, widthPixels: width, heightPixels: height, configuration: Array(configuration))
        case "mp4a":
            guard fields.skip(16), let channels = fields.word16(), fields.skip(6), let rate = fields.word16(),
                fields.skip(2), let esds = fields.first("esds"), let configuration = audioConfiguration(esds)
            else { return nil }
            return .aac(rate: rate, channels: channels, configuration: configuration)
        case "alaw", "ulaw":
            guard fields.skip(16), let channels = fields.word16(), fields.skip(6), let rate = fields.word16(), rate > 0,
                (1...2).contains(channels)
            else { return nil }
            return .g711(entry.type == "alaw" ? .alaw : .mulaw, rate: rate, channels: channels)
        case "Opus":
            guard fields.skip(16), let channels = fields.word16(), (1...2).contains(channels) else { return nil }
            return .opus(channels: channels)
        default:
            return nil
        }
    }

    /// The decoder-specific part (tag 5) of an elementary stream descriptor.
    private static func audioConfiguration(_ esds: ArraySlice<UInt8>) -> [UInt8]? {
        var cursor = ByteCursor(esds)
        guard cursor.skip(4) else { return nil }
        while let tag = cursor.byte() {
            var length = 0
            while let byte = cursor.byte() {
                length = length << 7 | byte & 0x7f
                guard byte & 0x80 != 0, length < 1 << 20 else { break }
            }
            switch tag {
            case 3: guard cursor.skip(3) else { return nil }
            case 4: guard cursor.skip(13) else { return nil }
            case 5: return cursor.rest.count >= length ? Array(cursor.rest.prefix(length)) : nil
            default: guard cursor.skip(length) else { return nil }
            }
        }
        return nil
    }

    // MARK: Samples of the movie box

    private mutating func addSamples(of tables: ArraySlice<UInt8>) {
        guard let stsz = ByteCursor.find("stsz", in: tables), let stsc = ByteCursor.find("stsc", in: tables) else {
            return
        }
        let wide = ByteCursor.find("co64", in: tables)
        guard let offsets = wide ?? ByteCursor.find("stco", in: tables) else { return }
        var sizes = ByteCursor(stsz)
        guard sizes.skip(4), let sameSize = sizes.word32(), let count = sizes.word32(),
            count <= Self.mostSamples, sameSize != 0 || sizes.rest.count >= count * 4
        else { return }
        var times = RunLengths(ByteCursor.find("stts", in: tables))
        var shifts = RunLengths(ByteCursor.find("ctts", in: tables))
        let keyframes = ByteCursor.find("stss", in: tables).map { Self.numbers($0) }
        var chunks = Chunks(stsc: stsc, offsets: offsets, areWide: wide != nil)
        for number in 1...max(1, count) where count > 0 {
            guard let size = sameSize != 0 ? sameSize : sizes.word32(), let offset = chunks.next(size) else { return }
            let duration = times.next() ?? 0
            samples.append(
                Sample(
                    offset: offset, size: size, decoding: nextDecoding,
                    presentation: nextDecoding &+ (shifts.next() ?? 0),
                    duration: duration, isKeyframe: keyframes?.contains(number) ?? true))
            nextDecoding &+= duration
        }
    }

    private static func numbers(_ table: ArraySlice<UInt8>) -> Set<Int> {
        var cursor = ByteCursor(table)
        guard cursor.skip(8) else { return [] }
        var result: Set<Int> = []
        while let number = cursor.word32() { result.insert(number) }
        return result
    }

    // MARK: Fragments

    /// From the content of the `trex` box of this track.
    mutating func setDefaults(trex: ArraySlice<UInt8>) {
        var cursor = ByteCursor(trex)
        guard cursor.skip(12), let duration = cursor.word32(), let size = cursor.word32(), let flags = cursor.word32()
        else { return }
        defaults = SampleDefaults(duration: duration, size: size, flags: flags)
    }

    /// Adds the samples of a `traf` box of this track, in a `moof` box at `moofOffset`.
    mutating func addFragment(traf: ArraySlice<UInt8>, moofOffset: Int64) {
        guard let tfhd = ByteCursor.find("tfhd", in: traf) else { return }
        var header = ByteCursor(tfhd)
        guard let flags = header.versionAndFlags()?.flags, header.skip(4) else { return }
        var defaults = self.defaults
        var base = moofOffset
        if flags & 0x1 != 0 { base = header.word64() ?? base }
        if flags & 0x2 != 0 { _ = header.skip(4) }
        if flags & 0x8 != 0 { defaults.duration = header.word32() ?? defaults.duration }
        if flags & 0x10 != 0 { defaults.size = header.word32() ?? defaults.size }
        if flags & 0x20 != 0 { defaults.flags = header.word32() ?? defaults.flags }
        if let tfdt = ByteCursor.find("tfdt", in: traf) {
            var cursor = ByteCursor(tfdt)
            if let version = cursor.versionAndFlags()?.version,
                let time = version == 1 ? cursor.word64() : cursor.word32().map({ Int64($0) })
            {
                nextDecoding = time
            }
        }
        var boxes = ByteCursor(traf)
        var offset = base
        while let box = boxes.box() {
            if box.type == "trun" { addRun(box.content, base: base, offset: &offset, defaults: defaults) }
        }
    }

    private mutating func addRun(
        _ content: ArraySlice<UInt8>, base: Int64, offset: inout Int64, defaults: SampleDefaults
    ) {
        var run = ByteCursor(content)
        guard let flags = run.versionAndFlags()?.flags, let count = run.word32(),
            count <= Self.mostSamples - samples.count
        else { return }
        if flags & 0x1 != 0, let shift = run.signed32() { offset = base &+ shift }
        let firstFlags = flags & 0x4 != 0 ? run.word32() : nil
        for index in 0..<count {
            let duration = flags & 0x100 != 0 ? run.word32() : defaults.duration
            let size = flags & 0x200 != 0 ? run.word32() : defaults.size
            var sampleFlags = flags & 0x400 != 0 ? run.word32() : defaults.flags
            if index == 0, let firstFlags { sampleFlags = firstFlags }
            let shift = flags & 0x800 != 0 ? run.signed32() : 0
            guard let duration, let size, let sampleFlags, let shift else { return }
            samples.append(
                Sample(
                    offset: offset, size: size, decoding: nextDecoding, presentation: nextDecoding &+ shift,
                    duration: Int64(duration), isKeyframe: sampleFlags & 0x1_0000 == 0))
            offset &+= Int64(size)
            nextDecoding &+= Int64(duration)
        }
    }
}
