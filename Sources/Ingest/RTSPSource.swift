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
        var assembler: StreamAssembler?
        var scan: (format: Caps, scan: KeyframeScan)?
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
        _ location: SourceLocation, latencyMilliseconds: Int, clock: any WallClock,
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
        let intake = RTSPIntake(gate: gate, clock: clock) { watchdog.feed() }
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
        let pipeline = try Pipeline(
            PipelineTemplate.rtsp.filled([
                "transport": location.transport.rawValue,
                "latency_milliseconds": "\(latencyMilliseconds)",
                // Later than our own watchdog, which says it better.
                "tcp_timeout_microseconds": "\(Int(location.timeoutSeconds * 1_000_000) + 2_000_000)",
            ]))
        try pipeline.set("location", of: "source", to: .text(address.location))
        if let user = address.user { try pipeline.set("user-id", of: "source", to: .text(user)) }
        if let password = address.password { try pipeline.set("user-pw", of: "source", to: .text(password)) }
        if location.transport == .tcp { try pipeline.omitJitterBuffer(of: "source") }
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
                    items += assemble(sample, of: stream, state: &state)
                }
                if stream.track == .video, stream.sink.isAtEnd { isAtEnd = true }
            }
            items += state.assembler?.settle() ?? []
            if items.contains(where: \.isAccessUnit) { state.wasRunning = true }
            if case .failed = items.last {
                state.hasFailed = true
            } else if let error = failure(messages, isSilent: isSilent, isAtEnd: isAtEnd, state: &state) {
                items += state.assembler?.audioIsAbsent() ?? []
                items.append(.failed(error))
                state.hasFailed = true
            }
            if state.hasFailed { watchdog.stop() }
            return items
        }
    }

    package func close() async {
        gate.close()
        watchdog.stop()
        pipeline.bus.onMessage(nil)
        // The thread that receives may be waiting in a sink. Fails only where all is closed already.
        intake.close()
        try? pipeline.flush(from: "source")
        await pipeline.close()
    }

    private func assemble(_ sample: Sample, of stream: RTSPIntake.Stream, state: inout State) -> [SourceItem] {
        let arrivedAt = stream.arrivals.timeOfPulledSample(now: clock.now)
        guard let caps = sample.caps, let codec = intake.codec else { return [] }
        var isKeyframe = true
        if stream.track == .video {
            if state.scan?.format !== caps {
                state.scan = (caps, KeyframeScan(codec: codec, codecData: caps.bytes("codec_data") ?? []))
            }
            isKeyframe = !sample.buffer.isDelta
            if isKeyframe, let scan = state.scan?.scan { isKeyframe = sample.buffer.withUnsafeBytes(scan.canStart) }
        }
        var assembler =
            state.assembler
            ?? StreamAssembler(codec: codec, audioCodec: intake.sound, soundRemark: intake.soundRemark)
        defer { state.assembler = assembler }
        return assembler.add(
            IncomingUnit(
                track: stream.track, presentationNanoseconds: sample.presentationRunningTime,
                durationNanoseconds: sample.buffer.durationNanoseconds.map { Int64(clamping: $0) },
                isKeyframe: isKeyframe, arrivedAt: arrivedAt, payload: sample.buffer,
                followsLoss: sample.buffer.isDiscontinuity), format: caps)
    }

    private func failure(
        _ messages: [BusMessage], isSilent: Bool, isAtEnd: Bool, state: inout State
    ) -> SourceError? {
        let mapping = RTSPFailure(
            address: address.display, wasRunning: state.wasRunning, offers: intake.offers,
            timeoutSeconds: timeoutSeconds)
        if let failure = intake.failure { return failure }
        if intake.lacksVideo { return mapping.unsupported }
        if let message = messages.first(where: { $0.kind == .error }) { return mapping.error(for: message) }
        if isAtEnd || messages.contains(where: { $0.kind == .endOfStream }) { return mapping.ended }
        if isSilent { return state.wasRunning ? mapping.stalled : mapping.timeout }
        return nil
    }
}

/// Set when the watchdog ran out.
private final class Silence: Sendable {
    private let flag = Atomic(false)
    private let gate: WakeGate

    init(gate: WakeGate) { self.gate = gate }

    var hasBegun: Bool { flag.load(ordering: .acquiring) }

    func began() {
        flag.store(true, ordering: .releasing)
        gate()
    }
}

extension SourceItem {
    fileprivate var isAccessUnit: Bool {
        if case .accessUnit = self { true } else { false }
    }
}

/// Opens RTSP cameras.
package struct RTSPOpener: SourceOpener {
    /// How long packets may wait for earlier ones that are late, which matters over UDP.
    package var latencyMilliseconds: Int
    private let clock: any WallClock

    package init(clock: any WallClock, latencyMilliseconds: Int = 200) {
        self.clock = clock
        self.latencyMilliseconds = latencyMilliseconds
    }

    package func open(
        _ location: SourceLocation, wake: @escaping @Sendable () -> Void
    ) throws(SourceError) -> any MediaSource {
        try RTSPSource(location, latencyMilliseconds: latencyMilliseconds, clock: clock, wake: wake)
    }
}
