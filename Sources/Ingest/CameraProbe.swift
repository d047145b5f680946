import Domain
import Synchronization

/// Opens a camera for a few seconds to tell what it sends.
package struct CameraProbe: CameraProber {
    /// Enough media to tell rates, where two keyframes came as well.
    private static let enoughSeconds = 3.0
    /// The source says better than this why nothing came, so it is given the time.
    private static let graceSeconds = 0.5

    private let sources: any SourceOpener
    private let decoders: any DecoderOpener
    private let stills: any StillEncoder
    /// Of the longer side of the picture.
    private let pictureSidePixels: Int

    package init(
        sources: any SourceOpener, decoders: any DecoderOpener, stills: any StillEncoder, pictureSidePixels: Int = 1280
    ) {
        self.sources = sources
        self.decoders = decoders
        self.stills = stills
        self.pictureSidePixels = pictureSidePixels
    }

    package func probe(_ location: SourceLocation) async throws(SourceError) -> CameraFindings {
        let (wakes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let wake: @Sendable () -> Void = { continuation.yield() }
        let deadline = Deadline(wake)
        let watchdog = Watchdog(limitSeconds: location.timeoutSeconds + Self.graceSeconds) { deadline.pass() }
        defer { watchdog.stop() }
        let source = try sources.open(location, wake: wake)
        var measurement = ProbeMeasurement()
        var decoder: (any FrameDecoder)?
        var failure: SourceError?
        // Ends with the deadline at the latest, or when the task is cancelled.
        reading: for await _ in wakes {
            for item in source.drain() {
                switch item {
                case .stream(let description):
                    measurement.begin(description)
                    decoder = try? decoders.open(description, wake: wake)
                case .accessUnit(let unit):
                    measurement.add(unit)
                    if unit.track == .video, measurement.findings?.picture == nil { decoder?.decode(unit) }
                case .failed(let error):
                    failure = error
                    break reading
                }
            }
            if measurement.findings?.picture == nil, let decoder, let frame = decoder.drain().first {
                measurement.findings?.decoder = decoder.name
                measurement.findings?.picture = try? frame.withPicture {
                    try stills.encode($0, crop: nil, longestSidePixels: pictureSidePixels, quality: 80)
                }
            }
            if measurement.isEnough(seconds: Self.enoughSeconds) || deadline.hasPassed { break }
        }
        await decoder?.close()
        await source.close()
        if let findings = measurement.findings { return findings }
        throw failure
            ?? SourceError(.timeout, "The camera sent no picture within \(Int(location.timeoutSeconds)) s.")
    }

    /// Set when time is up.
    private final class Deadline: Sendable {
        private let flag = Atomic(false)
        private let wake: @Sendable () -> Void

        init(_ wake: @escaping @Sendable () -> Void) { self.wake = wake }

        var hasPassed: Bool { flag.load(ordering: .acquiring) }

        func pass() {
            flag.store(true, ordering: .releasing)
            wake()
        }
    }
}

/// Rates from access units. A value: no I/O, no clock.
struct ProbeMeasurement: Sendable {
    /// Known once the stream was described.
    var findings: CameraFindings?
    private var first: MediaTime?
    private var last: MediaTime?
    private var pictures = 0
    private var bytes = 0
    private var lastKeyframe: MediaTime?

    mutating func begin(_ stream: StreamDescription) {
        findings = CameraFindings(
            codec: stream.codec, widthPixels: stream.widthPixels, heightPixels: stream.heightPixels,
            announcedFramesPerSecond: stream.framesPerSecond, hasAudio: stream.audioFormat != nil,
            sourceCodec: stream.sourceCodec, encoder: stream.encoder)
    }

    mutating func add(_ unit: AccessUnit) {
        bytes += unit.payload.byteCount
        guard unit.track == .video else { return }
        pictures += 1
        first = min(first ?? unit.presentation, unit.presentation)
        last = max(last ?? unit.presentation, unit.presentation)
        if unit.isKeyframe {
            if let before = lastKeyframe {
                findings?.keyframeIntervalSeconds = unit.presentation.seconds - before.seconds
            }
            lastKeyframe = unit.presentation
        }
        guard let first, let last, pictures > 1, last > first else { return }
        let span = last.seconds - first.seconds
        findings?.measuredSeconds = span
        findings?.framesPerSecond = Double(pictures - 1) / span
        // The last picture's own duration counts, too.
        findings?.bitrateKbps = Double(bytes) * 8 / 1000 / (span * Double(pictures) / Double(pictures - 1))
    }

    /// True when nothing more would be learnt.
    func isEnough(seconds: Double) -> Bool {
        guard let findings else { return false }
        return findings.measuredSeconds >= seconds && findings.keyframeIntervalSeconds != nil
            && findings.picture != nil
    }
}
