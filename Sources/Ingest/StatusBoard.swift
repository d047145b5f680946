import Domain
import Synchronization

/// A camera's status, written by its session and read from anywhere.
final class StatusBoard: Sendable {
    private struct State {
        var status = CameraStatus(state: .connecting)
        /// Since when nothing has been delivered; nil while it is.
        var silentSince: WallTime?
        var frame: (any DecodedFrame)?
        var rate = RateMeter()
        var everConnected = false
        /// What this connection has told so far.
        var dropped = 0
        var waitedSeconds = 0.0
    }
    /// After this long without a picture a camera is `offline` rather than `failing`.
    static let offlineAfterSeconds = 30.0
    private let state = Mutex(State())
    private let clock: any WallClock

    init(clock: any WallClock) {
        self.clock = clock
        state.withLock { $0.silentSince = clock.now }
    }

    func current() -> CameraStatus {
        let now = clock.now
        return state.withLock { state in
            var status = state.status
            if status.state == .failing, let since = state.silentSince,
                now.seconds(since: since) > Self.offlineAfterSeconds
            {
                status.state = .offline
            }
            (status.framesPerSecond, status.bitrateKbps) = state.rate.perSecond(now: now)
            return status
        }
    }

    var newestFrame: (any DecodedFrame)? {
        get { state.withLock { $0.frame } }
        set { state.withLock { $0.frame = newValue } }
    }

    func connecting() {
        state.withLock { state in
            if state.status.error == nil { state.status.state = .connecting }
            if state.everConnected { state.status.reconnects += 1 }
        }
    }

    func streaming(_ stream: StreamDescription) {
        let now = clock.now
        state.withLock { state in
            state.everConnected = true
            state.silentSince = nil
            state.rate = RateMeter()
            state.status.state = .online
            state.status.connectedAt = now
            state.status.error = nil
            state.status.errorSince = nil
            state.status.codec = stream.codec
            state.status.sourceCodec = stream.sourceCodec
            state.status.encoder = stream.encoder
            state.status.widthPixels = stream.widthPixels
            state.status.heightPixels = stream.heightPixels
            state.status.hasAudio = stream.audioFormat != nil
            state.status.audioCodec = stream.audioCodec
            state.status.soundRemark = stream.soundRemark
            state.status.soundLevelDBFS = nil
            state.status.decoder = nil
            state.dropped = 0
            state.waitedSeconds = 0
        }
    }

    func received(_ unit: AccessUnit, keyframeIntervalSeconds: Double?, bufferedBytes: Int) {
        state.withLock { state in
            state.status.lastAccessUnitAt = unit.arrivedAt
            state.rate.add(bytes: unit.payload.byteCount, isPicture: unit.track == .video, at: unit.arrivedAt)
            state.status.bufferedBytes = bufferedBytes
            guard unit.track == .video else { return }
            state.status.accessUnits += 1
            state.status.keyframeIntervalSeconds = keyframeIntervalSeconds
        }
    }

    func analysed(_ frame: any DecodedFrame, openEvent: Identifier<Event>?) {
        state.withLock { state in
            state.frame = frame
            state.status.framesAnalysed += 1
            state.status.openEvent = openEvent
        }
    }

    /// Where on the ladder it stands. `dropped` and `waitedSeconds` are of this connection, the rest is the camera's.
    func climbed(
        _ rung: LadderRung, reason: String?, decoder: String?, fallback: String?, dropped: Int,
        waitedSeconds: Double, audits: MissEstimate
    ) {
        state.withLock { state in
            state.status.rung = rung
            state.status.rungReason = reason
            // Three megabytes at 1080p; who asks for a picture gets the newest keyframe, which the ring has.
            if rung == .asleep { state.frame = nil }
            state.status.decoder = decoder
            state.status.decoderFallback = fallback
            state.status.framesDropped += dropped - state.dropped
            state.dropped = dropped
            state.status.decoderWaitSeconds += waitedSeconds - state.waitedSeconds
            state.waitedSeconds = waitedSeconds
            state.status.audits = audits
        }
    }

    /// How loud the last second was.
    func heard(_ dbfs: Double) { state.withLock { $0.status.soundLevelDBFS = dbfs } }

    /// Why nothing is heard.
    func deaf(_ remark: String) { state.withLock { $0.status.soundRemark = remark } }

    /// What the small stream does.
    func detects(_ status: DetectStatus) {
        state.withLock { $0.status.detect = status }
    }

    func failed(_ error: SourceError) {
        let now = clock.now
        state.withLock { state in
            if state.status.state == .online { state.status.gaps += 1 }
            state.status.state = .failing
            if state.status.error?.kind != error.kind { state.status.errorSince = now }
            state.status.error = error
            state.status.openEvent = nil
            state.status.detect = nil
            state.status.soundLevelDBFS = nil
            if state.silentSince == nil { state.silentSince = now }
            state.frame = nil
        }
    }

    func stopped() {
        state.withLock { state in
            state.status.state = .disabled
            state.status.openEvent = nil
            state.frame = nil
        }
    }

    /// How long the connection that just ended had been delivering.
    func onlineSeconds() -> Double {
        let now = clock.now
        return state.withLock { state in
            guard state.status.state == .online, let since = state.status.connectedAt else { return 0 }
            return now.seconds(since: since)
        }
    }
}

/// Pictures and bits a second over the last whole seconds.
struct RateMeter: Sendable {
    private struct Second {
        var number: Int64
        var pictures = 0
        var bytes = 0
    }
    private var seconds: [Second] = []
    private let window: Int64 = 5

    mutating func add(bytes: Int, isPicture: Bool, at time: WallTime) {
        let number = time.nanosecondsSinceEpoch / 1_000_000_000
        if seconds.last?.number != number {
            seconds.append(Second(number: number))
            if seconds.count > Int(window) + 1 { seconds.removeFirst() }
        }
        seconds[seconds.count - 1].bytes += bytes
        if isPicture { seconds[seconds.count - 1].pictures += 1 }
    }

    /// Nil until one whole second has passed.
    func perSecond(now: WallTime) -> (pictures: Double?, kilobits: Double?) {
        let current = now.nanosecondsSinceEpoch / 1_000_000_000
        guard let first = seconds.first else { return (nil, nil) }
        // The first second of a connection is rarely whole.
        let begins = max(first.number + (seconds.count > Int(window) ? 0 : 1), current - window)
        let whole = current - begins
        guard whole > 0 else { return (nil, nil) }
        let counted = seconds.filter { $0.number >= begins && $0.number < current }
        let pictures = counted.reduce(0) { $0 + $1.pictures }
        let bytes = counted.reduce(0) { $0 + $1.bytes }
        return (Double(pictures) / Double(whole), Double(bytes) * 8 / 1000 / Double(whole))
    }
}
