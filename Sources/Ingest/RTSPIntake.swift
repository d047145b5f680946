import Domain
import GStreamerKit
import Pipelines
import Synchronization

/// What the callbacks of one RTSP connection share with its `RTSPSource`: which streams were chosen, and their sinks.
///
/// Apart from the source, so that callbacks, which the pipeline owns, do not keep the pipeline alive.
final class RTSPIntake: Sendable {
    struct Stream: Sendable {
        var track: Track
        var sink: AppSink
        var arrivals: ArrivalLog
    }

    private struct State {
        var offers: [String] = []
        var codec: SourceCodec?
        var encoder: EncoderKind?
        var sound: AudioCodec?
        /// Why the camera's sound is left out.
        var soundRemark: String?
        var streams: [Stream] = []
        var failure: SourceError?
        var lacksVideo = false
        var isClosing = false
    }
    private let state = Mutex(State())
    private let gate: WakeGate
    private let clock: any WallClock
    private let encoders: EncoderChoice
    private let onUnit: @Sendable () -> Void

    /// `onUnit` is called for each video unit on its streaming thread.
    init(
        gate: WakeGate, clock: any WallClock, encoders: EncoderChoice = .software,
        onUnit: @escaping @Sendable () -> Void
    ) {
        self.gate = gate
        self.clock = clock
        self.encoders = encoders
        self.onUnit = onUnit
    }

    /// What the camera said it sends, in words.
    var offers: [String] { state.withLock { $0.offers } }
    /// Set once the camera's description was read and holds video that can be recorded.
    var traits: StreamTraits? {
        state.withLock { state in
            state.codec.map { codec in
                StreamTraits(
                    codec: codec, encoder: state.encoder?.element, sound: state.sound,
                    soundRemark: state.sound == nil ? state.soundRemark : nil)
            }
        }
    }
    /// The sound that was asked for.
    var sound: AudioCodec? { state.withLock { $0.sound } }
    /// Why sound that the camera offers was not asked for.
    var soundRemark: String? { state.withLock { $0.sound == nil ? $0.soundRemark : nil } }
    /// The streams that flow.
    var streams: [Stream] { state.withLock { $0.streams } }
    /// Why a stream could not be connected.
    var failure: SourceError? { state.withLock { $0.failure } }

    /// True once the camera has named all its streams and none is video that can be recorded.
    var lacksVideo: Bool { state.withLock { $0.lacksVideo } }

    /// The camera has named all its streams.
    func allStreamsAreKnown() {
        state.withLock { $0.lacksVideo = $0.codec == nil }
        gate()
    }

    /// Chooses the first stream of pictures and the first of sound that a clip can hold.
    func selects(_ caps: Caps) -> Bool {
        let media = caps.text("media") ?? "unknown"
        let encoding = (caps.text("encoding-name") ?? "unknown").uppercased()
        return state.withLock { state in
            if state.offers.count < 8 { state.offers.append("\(encoding) \(media)") }
            switch media {
            case "video":
                guard state.codec == nil, let codec = SourceCodec(encoding: encoding) else { return false }
                state.codec = codec
                return true
            case "audio":
                guard state.sound == nil else { return false }
                state.sound = AudioCodec(encoding: encoding)
                if state.sound == nil { state.soundRemark = AudioCodec.remark(leavingOut: encoding) }
                return state.sound != nil
            default:
                return false
            }
        }
    }

    /// Whether a certificate that does not pass is taken all the same; where not, that is the connection's failure.
    func takes(_ certificate: DoubtfulCertificate, _ trust: CertificateTrust, at address: String) -> Bool {
        guard let failure = trust.refusal(of: certificate, at: address) else { return true }
        state.withLock { $0.failure = failure }
        gate()
        return false
    }

    /// From now on streams that are connected are flushed. Flush those that were before.
    func close() { state.withLock { $0.isClosing = true } }

    /// Builds the branch for a stream that the camera begins to send.
    func connect(_ pad: borrowing NewPad) {
        let encoding = pad.caps?.text("encoding-name")?.uppercased() ?? ""
        let track: Track = pad.caps?.text("media") == "audio" ? .audio : .video
        do {
            let description: String
            var encoder: EncoderKind?
            switch (track, SourceCodec(encoding: encoding)) {
            case (.audio, _):
                guard let sound = AudioCodec(encoding: encoding) else { return }
                description = try sound.branch()
            case (.video, .h264): description = try PipelineTemplate.rtspH264.filled()
            case (.video, .h265): description = try PipelineTemplate.rtspH265.filled()
            case (.video, .mjpeg):
                let chosen = try encoders.current()
                encoder = chosen
                description = try PipelineTemplate.rtspJPEG.filled() + " ! " + chosen.branch()
            case (.video, .raw), (.video, nil): return
            }
            let used = encoder
            state.withLock { if used != nil { $0.encoder = used } }
            let arrivals = ArrivalLog()
            try pad.connect(description) { (branch) throws(GStreamerError) in
                try used?.prepare(branch, pictures: "pictures")
                let sink = try branch.appSink("units")
                sink.onSample { [gate, clock, onUnit] in
                    let now = clock.now
                    arrivals.sampleArrived(at: now)
                    if track == .video { onUnit() }
                    gate.sampleArrived(at: now)
                }
                self.state.withLock { $0.streams.append(Stream(track: track, sink: sink, arrivals: arrivals)) }
            }
            if state.withLock({ $0.isClosing }) { pad.flush() }
        } catch {
            let used = state.withLock { $0.encoder }
            if track == .video, let used { encoders.failed(used) }
            let failure =
                error as? SourceError
                ?? SourceError(
                    .internalFailure,
                    "The \(encoding) stream cannot be read: \(error). `vedette doctor` shows what is missing.")
            state.withLock { $0.failure = failure }
            gate()
        }
    }

    /// What a complaint means where the encoder made it: the next connection takes another one, where there is one.
    func encoderFailure(_ message: BusMessage, at address: String) -> SourceError? {
        state.withLock { $0.encoder }.flatMap { encoders.failure($0, message, at: address) }
    }
}

extension SourceCodec {
    /// From the name that a camera's description gives its RTP payload, in capitals; nil for what cannot be recorded.
    init?(encoding: String) {
        switch encoding {
        case "H264": self = .h264  // RFC 6184
        case "H265": self = .h265  // RFC 7798
        case "JPEG": self = .mjpeg  // RFC 2435
        default: return nil
        }
    }
}
