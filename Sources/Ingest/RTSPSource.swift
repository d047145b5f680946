import Domain
import GStreamerKit
import Pipelines
import Synchronization

/// One connection to an RTSP camera.
///
/// GStreamer's threads only note arrivals and wake; `drain` pulls, assembles and maps errors. A sink that nobody drains
/// fills up and holds the camera back over TCP: nothing is dropped here.
package final class RTSPSource: MediaSource {
    private struct State {
        var samples = SampleAssembly()
        var wasRunning = false
        var hasFailed = false
    }
    private let state = Mutex(State())
    private let pipeline: Pipeline
    private let gate: WakeGate
    private let intake: RTSPIntake
    private let watchdog: Watchdog
    private let silence: Silence
    private let address: CameraAddress
    private let timeoutSeconds: Double
    private let clock: any WallClock

    init(
        _ location: SourceLocation, latencyMilliseconds: Int, clock: any WallClock, encoders: EncoderChoice,
        wake: @escaping @Sendable () -> Void
    ) throws(SourceError) {
        address = try CameraAddress(location.url)
        timeoutSeconds = location.timeoutSeconds
        self.clock = clock
        let gate = WakeGate(wake)
        self.gate = gate
        let silence = Silence(gate: gate)
        self.silence = silence
        let watchdog = Watchdog(limitSeconds: location.timeoutSeconds) { silence.began() }
        self.watchdog = watchdog
        let intake = RTSPIntake(gate: gate, clock: clock, encoders: encoders) { watchdog.feed() }
        self.intake = intake
        do {
            pipeline = try Self.build(
                location, address: address, latencyMilliseconds: latencyMilliseconds, intake: intake)
            pipeline.bus.onMessage { gate() }
            try pipeline.play()
        } catch {
            gate.close()
            watchdog.stop()
            throw SourceError(.internalFailure, "\(address.display) cannot be opened: \(error)")
        }
    }

    private static func build(
        _ location: SourceLocation, address: CameraAddress, latencyMilliseconds: Int, intake: RTSPIntake
    ) throws -> Pipeline {
        // Over UDP the pictures of a TLS connection would travel in the clear.
        let transport = address.isSecure ? .tcp : location.transport
        let pipeline = try Pipeline(
            PipelineTemplate.rtsp.filled([
                "transport": transport.rawValue,
                "latency_milliseconds": "\(latencyMilliseconds)",
                // Later than our own watchdog, which says it better.
                "tcp_timeout_microseconds": "\(Int(location.timeoutSeconds * 1_000_000) + 2_000_000)",
            ]))
        try pipeline.set("location", of: "source", to: .text(address.location))
        if let user = address.user { try pipeline.set("user-id", of: "source", to: .text(user)) }
        if let password = address.password { try pipeline.set("user-pw", of: "source", to: .text(password)) }
        try pipeline.onDoubtfulCertificate(of: "source") { certificate in
            intake.takes(certificate, location.certificate, at: address.display)
        }
        if transport == .tcp { try pipeline.omitJitterBuffer(of: "source") }
        try pipeline.onSelectStream(of: "source") { _, caps in intake.selects(caps) }
        try pipeline.onPadAdded(of: "source") { pad in intake.connect(pad) }
        try pipeline.onNoMorePads(of: "source") { intake.allStreamsAreKnown() }
        return pipeline
    }

    package func drain() -> [SourceItem] {
        state.withLock { state in
            guard !state.hasFailed else { return [] }
            // Read first and used last: units that came before an error are delivered before it.
            let messages = pipeline.bus.drain()
            let isSilent = silence.hasBegun
            var items: [SourceItem] = []
            var isAtEnd = false
            for stream in intake.streams {
                while let sample = stream.sink.pull() {
                    let arrivedAt = stream.arrivals.timeOfPulledSample(now: clock.now)
                    guard let traits = intake.traits else { continue }
                    items += state.samples.add(sample, of: stream.track, arrivedAt: arrivedAt, traits)
                }
                if stream.track == .video, stream.sink.isAtEnd { isAtEnd = true }
            }
            items += state.samples.settle()
            if items.contains(where: \.isAccessUnit) { state.wasRunning = true }
            if case .failed = items.last {
                state.hasFailed = true
            } else if let error = failure(messages, isSilent: isSilent, isAtEnd: isAtEnd, state: &state) {
                items += state.samples.audioIsAbsent()
                items.append(.failed(error))
                state.hasFailed = true
            }
            if state.hasFailed { watchdog.stop() }
            return items
        }
    }

    package func rest(_ isResting: Bool) { gate.rest(isResting) }

    package func close() async {
        gate.close()
        watchdog.stop()
        pipeline.bus.onMessage(nil)
        // The thread that receives may be waiting in a sink. Fails only where all is closed already.
        intake.close()
        try? pipeline.flush(from: "source")
        await pipeline.close()
    }

    private func failure(
        _ messages: [BusMessage], isSilent: Bool, isAtEnd: Bool, state: inout State
    ) -> SourceError? {
        let mapping = RTSPFailure(
            address: address.display, wasRunning: state.wasRunning, offers: intake.offers,
            timeoutSeconds: timeoutSeconds)
        if let failure = intake.failure { return failure }
        if intake.lacksVideo { return mapping.unsupported }
        if let message = messages.first(where: { $0.kind == .error }) {
            return intake.encoderFailure(message, at: address.display) ?? mapping.error(for: message)
        }
        if isAtEnd || messages.contains(where: { $0.kind == .endOfStream }) { return mapping.ended }
        if isSilent { return state.wasRunning ? mapping.stalled : mapping.timeout }
        return nil
    }
}

/// Opens RTSP cameras.
package struct RTSPOpener: SourceOpener {
    /// How long packets may wait for earlier ones that are late, which matters over UDP.
    package var latencyMilliseconds: Int
    private let clock: any WallClock
    private let encoders: EncoderChoice

    /// `encoders` are for cameras whose pictures no clip can hold as they come.
    package init(
        clock: any WallClock, latencyMilliseconds: Int = 200, encoders: EncoderChoice = .software
    ) {
        self.clock = clock
        self.encoders = encoders
        self.latencyMilliseconds = latencyMilliseconds
    }

    package func open(
        _ location: SourceLocation, wake: @escaping @Sendable () -> Void
    ) throws(SourceError) -> any MediaSource {
        try RTSPSource(location, latencyMilliseconds: latencyMilliseconds, clock: clock, encoders: encoders, wake: wake)
    }
}
