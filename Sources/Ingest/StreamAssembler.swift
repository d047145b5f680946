import Domain
import GStreamerKit

/// One encoded unit as it comes out of the connection, before it is an `AccessUnit`.
struct IncomingUnit: Sendable {
    var track: Track
    /// Running time; nil where the stream did not say it.
    var presentationNanoseconds: Int64?
    var durationNanoseconds: Int64?
    var isKeyframe: Bool
    var arrivedAt: WallTime
    var payload: any AccessUnitPayload
    /// See `AccessUnit`.
    var followsLoss = false
}

/// Turns what arrives into what a `MediaSource` delivers: a description first, then units from a keyframe on.
///
/// Units wait, within bounds, for the sound's format, as the description must name it and may come only once. That no
/// sound came is decided in `settle`, when everything that has arrived was added: sound that waits behind seconds of video
/// because the reader was late is not absent. A value: no I/O, no clock.
struct StreamAssembler: Sendable {
    /// Longest that video waits for the first sound, by when units arrived: a camera may send its first seconds at once.
    static let longestWaitForAudioNanoseconds: Int64 = 5_000_000_000
    /// Most video units that wait for the first sound, and units of sound that wait for the first keyframe.
    static let mostWaitingUnits = 512
    /// Going back by more than this is a new timeline and no reordering.
    static let longestStepBackNanoseconds: Int64 = 1_000_000_000
    /// Going ahead of the arrival clock by more than this at once is a new timeline.
    static let longestLeapNanoseconds: Int64 = 10_000_000_000

    private enum Phase: Sendable { case waiting, described, ended }

    let codec: VideoCodec
    /// What the camera sends, and what makes `codec` of it where that is another.
    let sourceCodec: SourceCodec
    let encoder: String?
    /// The sound that is to come.
    let audioCodec: AudioCodec?
    private var expectsAudio: Bool { audioCodec != nil }
    /// Why sound that the camera offers is not among what comes.
    let soundRemark: String?
    private var phase = Phase.waiting
    private var video: (format: Caps, description: StreamDescription)?
    private var audioFormat: Caps?
    private var held: [AccessUnit] = []
    /// Sound that arrived before the first keyframe did: large pictures take longer.
    private var early: [AccessUnit] = []
    private var clock = PresentationClock()
    private var audioClock = PresentationClock()
    private(set) var droppedBeforeKeyframe = 0

    init(codec: VideoCodec, audioCodec: AudioCodec? = nil, soundRemark: String? = nil) {
        self.init(StreamTraits(codec: SourceCodec(codec), sound: audioCodec, soundRemark: soundRemark))
    }

    init(_ traits: StreamTraits) {
        codec = traits.codec.recordedAs
        sourceCodec = traits.codec
        encoder = traits.encoder
        audioCodec = traits.sound
        soundRemark = traits.soundRemark
    }

    /// Takes a unit with the format it was announced with.
    mutating func add(_ unit: IncomingUnit, format: Caps) -> [SourceItem] {
        guard phase != .ended else { return [] }
        switch unit.track {
        case .video: return addVideo(unit, format: format)
        case .audio: return addAudio(unit, format: format)
        }
    }

    /// Everything that has arrived on every track was added: what has waited for sound for too long goes on without it.
    mutating func settle() -> [SourceItem] {
        guard phase == .waiting, let first = held.first, let last = held.last else { return [] }
        let waited = last.arrivedAt.nanosecondsSinceEpoch - first.arrivedAt.nanosecondsSinceEpoch
        return waited >= Self.longestWaitForAudioNanoseconds || held.count >= Self.mostWaitingUnits ? describe() : []
    }

    /// No sound will come: what waits for it goes on without.
    mutating func audioIsAbsent() -> [SourceItem] {
        phase == .waiting && !held.isEmpty ? describe() : []
    }

    private mutating func addVideo(_ unit: IncomingUnit, format: Caps) -> [SourceItem] {
        if let known = video {
            if known.format !== format && !isSame(known.format, format) {
                return fail(change(from: known.description, to: format))
            }
            video?.format = format
        } else {
            // Behind a loss a keyframe may come out without its time, and a timeline cannot begin with a guess.
            guard unit.isKeyframe, unit.presentationNanoseconds != nil else {
                droppedBeforeKeyframe += 1
                return []
            }
            guard let description = Self.description(of: format, codec: codec) else {
                return fail(SourceError(.corrupt, "The camera's video stream does not say how large its pictures are."))
            }
            video = (format, description)
        }
        let presentation: MediaTime
        switch clock.presentation(of: unit) {
        case .success(let time): presentation = time
        case .failure(let jump):
            return fail(SourceError(.changed, "The camera's timestamps jumped\(jump); the stream begins anew."))
        }
        let accessUnit = AccessUnit(
            track: .video, presentation: presentation, durationNanoseconds: unit.durationNanoseconds,
            isKeyframe: unit.isKeyframe, arrivedAt: unit.arrivedAt, payload: unit.payload,
            followsLoss: unit.followsLoss)
        if phase == .described { return [.accessUnit(accessUnit)] }
        held.append(accessUnit)
        // Sound from before the pictures is of no use.
        held += early.filter { $0.presentation >= presentation }
        early = []
        return expectsAudio && audioFormat == nil ? [] : describe()
    }

    private mutating func addAudio(_ unit: IncomingUnit, format: Caps) -> [SourceItem] {
        if let known = audioFormat {
            if known !== format && !isSame(known, format) {
                return fail(SourceError(.changed, "The camera's sound changed its format; the stream begins anew."))
            }
        } else if phase == .waiting {
            guard unit.presentationNanoseconds != nil else { return [] }
            audioFormat = format
        } else {
            return []  // Described without sound.
        }
        audioFormat = format
        let presentation: MediaTime
        switch audioClock.presentation(of: unit) {
        case .success(let time): presentation = time
        case .failure(let jump):
            return fail(
                SourceError(.changed, "The timestamps of the camera's sound jumped\(jump); the stream begins anew."))
        }
        let accessUnit = AccessUnit(
            track: .audio, presentation: presentation, durationNanoseconds: unit.durationNanoseconds,
            isKeyframe: true, arrivedAt: unit.arrivedAt, payload: unit.payload)
        if phase == .described { return [.accessUnit(accessUnit)] }
        guard video != nil else {
            if early.count == Self.mostWaitingUnits { early.removeFirst() }
            early.append(accessUnit)
            return []
        }
        held.append(accessUnit)
        return describe()
    }

    private mutating func describe() -> [SourceItem] {
        guard var description = video?.description else { return [] }
        description.audioFormat = audioFormat
        description.audioCodec = audioFormat == nil ? nil : audioCodec
        description.soundRemark = soundRemark
        description.sourceCodec = sourceCodec
        description.encoder = encoder
        if expectsAudio, audioFormat == nil {
            description.soundRemark =
                "The camera announced sound and sent none with its first pictures, so it is left out."
        }
        phase = .described
        defer { held = [] }
        return [.stream(description)] + held.map { .accessUnit($0) }
    }

    private mutating func fail(_ error: SourceError) -> [SourceItem] {
        let rest: [SourceItem] = phase == .waiting && !held.isEmpty ? describe() : []
        phase = .ended
        return rest + [.failed(error)]
    }

    /// Formats are the same when a decoder and a file made for one take the other.
    private func isSame(_ first: Caps, _ second: Caps) -> Bool {
        first.isEqual(to: second)
            || first.mediaType == second.mediaType && first.integer("width") == second.integer("width")
                && first.integer("height") == second.integer("height")
                && first.integer("rate") == second.integer("rate")
                && first.integer("channels") == second.integer("channels")
                && first.bytes("codec_data") == second.bytes("codec_data")
    }

    private func change(from description: StreamDescription, to format: Caps) -> SourceError {
        let (width, height) = (format.integer("width") ?? 0, format.integer("height") ?? 0)
        if width != description.widthPixels || height != description.heightPixels {
            return SourceError(
                .changed,
                "The camera changed its picture from \(description.widthPixels)x\(description.heightPixels) to "
                    + "\(width)x\(height); the stream begins anew.")
        }
        return SourceError(.changed, "The camera changed its encoder settings; the stream begins anew.")
    }

    static func description(of format: Caps, codec: VideoCodec) -> StreamDescription? {
        guard let width = format.integer("width"), let height = format.integer("height"), width > 0, height > 0,
            format.bytes("codec_data") != nil
        else { return nil }
        let rate = format.fraction("framerate").flatMap { $0 > 0 && $1 > 0 ? Double($0) / Double($1) : nil }
        return StreamDescription(
            codec: codec, widthPixels: width, heightPixels: height, framesPerSecond: rate, videoFormat: format,
            audioFormat: nil)
    }
}

/// A time that cannot belong to the timeline so far.
private struct TimelineJump: Error, CustomStringConvertible {
    /// Nil where it is beyond all sense.
    var seconds: Double?

    var description: String {
        guard let seconds else { return "" }
        return " by \((seconds * 10).rounded() / 10) s"
    }
}

/// Follows one track's presentation times: fills in missing ones and notices a new timeline.
private struct PresentationClock: Sendable {
    private var latest: Int64?
    private var latestArrival: WallTime?
    private var step: Int64 = 40_000_000

    mutating func presentation(of unit: IncomingUnit) -> Result<MediaTime, TimelineJump> {
        // Beyond seventy years either way no sum with it could be told from nonsense.
        if let time = unit.presentationNanoseconds, time.magnitude > 1 << 61 { return .failure(TimelineJump()) }
        guard let latest, let latestArrival else {
            let first = unit.presentationNanoseconds ?? 0
            self.latest = first
            self.latestArrival = unit.arrivedAt
            return .success(MediaTime(nanoseconds: first))
        }
        let time = unit.presentationNanoseconds ?? latest + step
        let waited = unit.arrivedAt.nanosecondsSinceEpoch - latestArrival.nanosecondsSinceEpoch
        guard time >= latest - StreamAssembler.longestStepBackNanoseconds,
            time - latest <= max(0, waited) + StreamAssembler.longestLeapNanoseconds
        else { return .failure(TimelineJump(seconds: Double(time - latest) / 1e9)) }
        if time > latest {
            step = min(time - latest, 1_000_000_000)
            self.latest = time
        }
        self.latestArrival = unit.arrivedAt
        return .success(MediaTime(nanoseconds: time))
    }
}
