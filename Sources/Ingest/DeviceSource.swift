import Domain
import GStreamerKit
import Pipelines
import Synchronization

/// One connection to a camera of this machine (V4L2). What a clip cannot hold as it comes is encoded to H.264.
///
/// As in `RTSPSource`, GStreamer's threads only note arrivals and wake; `drain` pulls, assembles and maps errors.
final class DeviceSource: MediaSource {
    private struct State {
        var samples = SampleAssembly()
        var wasRunning = false
        var hasFailed = false
    }
    private let state = Mutex(State())
    private let pipeline: Pipeline
    private let sink: AppSink
    private let arrivals = ArrivalLog()
    private let gate: WakeGate
    private let watchdog: Watchdog
    private let silence: Silence
    private let traits: StreamTraits
    private let encoder: EncoderKind?
    private let encoders: EncoderChoice
    private let path: String
    private let timeoutSeconds: Double
    private let clock: any WallClock

    init(
        _ location: SourceLocation, hardware: any CaptureHardware, clock: any WallClock, encoders: EncoderChoice,
        wake: @escaping @Sendable () -> Void
    ) throws(SourceError) {
        let address: DeviceAddress
        do throws(DeviceAddress.Problem) {
            address = try DeviceAddress(location.url)
        } catch {
            throw SourceError(.unreachable, "The camera's address cannot be used: it \(error.text).")
        }
        let failure = DeviceFailure(
            path: address.path, wasRunning: false, timeoutSeconds: location.timeoutSeconds)
        let device: CaptureDevice
        do throws(CaptureDevice.Failure) {
            device = try hardware.look(at: address.path)
        } catch {
            throw failure.error(for: error, present: hardware.devices())
        }
        let choice = try CaptureChoice(device, address)
        encoder = choice.codec.isEncodedHere ? try encoders.current() : nil
        self.encoders = encoders
        traits = StreamTraits(codec: choice.codec, encoder: encoder?.element)
        path = address.path
        timeoutSeconds = location.timeoutSeconds
        self.clock = clock
        let gate = WakeGate(wake)
        self.gate = gate
        let silence = Silence(gate: gate)
        self.silence = silence
        let watchdog = Watchdog(limitSeconds: location.timeoutSeconds) { silence.began() }
        self.watchdog = watchdog
        do {
            pipeline = try Self.build(choice, path: address.path, hardware: hardware, encoder: encoder)
            sink = try pipeline.appSink("units")
            sink.onSample { [arrivals] in
                let now = clock.now
                arrivals.sampleArrived(at: now)
                watchdog.feed()
                gate.sampleArrived(at: now)
            }
            pipeline.bus.onMessage { gate() }
            try pipeline.play()
        } catch {
            gate.close()
            watchdog.stop()
            if let encoder { encoders.failed(encoder) }
            throw SourceError(.internalFailure, "\(address.path) cannot be opened: \(error)")
        }
    }

    private static func build(
        _ choice: CaptureChoice, path: String, hardware: any CaptureHardware, encoder: EncoderKind?
    ) throws -> Pipeline {
        var parts = [try hardware.description()]
        switch choice.codec {
        case .h264: parts.append(try PipelineTemplate.v4l2H264.filled())
        case .h265: parts.append(try PipelineTemplate.v4l2H265.filled())
        case .mjpeg: parts.append(try PipelineTemplate.v4l2JPEG.filled())
        case .raw: break
        }
        if let encoder { parts.append(try encoder.branch()) }
        let pipeline = try Pipeline(parts.joined(separator: " ! "))
        try hardware.prepare(pipeline, for: path)
        try pipeline.set("caps", of: "format", to: .caps(Caps(choice.caps)))
        try encoder?.prepare(pipeline, pictures: choice.codec == .mjpeg ? "pictures" : "encoder")
        return pipeline
    }

    func drain() -> [SourceItem] {
        state.withLock { state in
            guard !state.hasFailed else { return [] }
            // Read first and used last: pictures that came before an error are delivered before it.
            let messages = pipeline.bus.drain()
            let isSilent = silence.hasBegun
            var items: [SourceItem] = []
            while let sample = sink.pull() {
                items += state.samples.add(
                    sample, of: .video, arrivedAt: arrivals.timeOfPulledSample(now: clock.now), traits)
            }
            let isAtEnd = sink.isAtEnd
            if items.contains(where: \.isAccessUnit) { state.wasRunning = true }
            if case .failed = items.last {
                state.hasFailed = true
            } else if let error = failure(messages, isSilent: isSilent, isAtEnd: isAtEnd, state: state) {
                items.append(.failed(error))
                state.hasFailed = true
            }
            if state.hasFailed { watchdog.stop() }
            return items
        }
    }

    private func failure(_ messages: [BusMessage], isSilent: Bool, isAtEnd: Bool, state: State) -> SourceError? {
        let mapping = DeviceFailure(path: path, wasRunning: state.wasRunning, timeoutSeconds: timeoutSeconds)
        if let message = messages.first(where: { $0.kind == .error }) {
            return encoder.flatMap { encoders.failure($0, message, at: path) } ?? mapping.error(for: message)
        }
        if isAtEnd || messages.contains(where: { $0.kind == .endOfStream }) { return mapping.ended }
        return isSilent ? mapping.silent : nil
    }

    func rest(_ isResting: Bool) { gate.rest(isResting) }

    func close() async {
        gate.close()
        watchdog.stop()
        pipeline.bus.onMessage(nil)
        await pipeline.close()
    }
}
