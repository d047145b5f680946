import Domain
import GStreamerKit
import Pipelines

/// The video of an MP4 file as access units in memory, for replaying footage faster than it was recorded.
package struct FootageFile: Sendable {
    package let stream: StreamDescription
    /// In decoding order. They arrive when they are presented, from zero of the epoch on.
    package let units: [AccessUnit]

    /// Reads the first H.264 or H.265 track.
    package init(path: String) async throws(SourceError) {
        do {
            self = try await Self.read(path, codec: .h264, parser: "h264", format: "avc")
        } catch {
            self = try await Self.read(path, codec: .h265, parser: "h265", format: "hvc1")
        }
    }

    private init(stream: StreamDescription, units: [AccessUnit]) {
        self.stream = stream
        self.units = units
    }

    private static func read(
        _ path: String, codec: VideoCodec, parser: String, format: String
    ) async throws(SourceError) -> Self {
        let (wakes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let pipeline: Pipeline
        let sink: AppSink
        do {
            pipeline = try Pipeline(PipelineTemplate.file.filled(["codec": parser, "format": format]))
            try pipeline.set("location", of: "file", to: .text(path))
            sink = try pipeline.appSink("units")
            sink.onSample { continuation.yield() }
            pipeline.bus.onMessage { continuation.yield() }
            try pipeline.play()
        } catch {
            throw SourceError(.internalFailure, "\(path) cannot be opened: \(error)")
        }
        var assembler = StreamAssembler(codec: codec)
        var items: [SourceItem] = []
        var failure: SourceError?
        reading: for await _ in wakes {
            while let sample = sink.pull() {
                guard let caps = sample.caps else { continue }
                let scan = KeyframeScan(codec: codec, codecData: caps.bytes("codec_data") ?? [])
                let time = sample.presentationRunningTime
                items += assembler.add(
                    IncomingUnit(
                        track: .video, presentationNanoseconds: time,
                        durationNanoseconds: sample.buffer.durationNanoseconds.map { Int64(clamping: $0) },
                        isKeyframe: !sample.buffer.isDelta && sample.buffer.withUnsafeBytes(scan.canStart),
                        arrivedAt: WallTime(nanosecondsSinceEpoch: time ?? 0), payload: sample.buffer), format: caps)
            }
            for message in pipeline.bus.drain() {
                if message.kind == .error { failure = SourceError(.unsupported, "\(path): \(message.text)") }
                if message.kind != .warning { break reading }
            }
            if sink.isAtEnd { break }
        }
        await pipeline.close()
        if let failure { throw failure }
        var stream: StreamDescription?
        var units: [AccessUnit] = []
        for item in items {
            switch item {
            case .stream(let description): stream = description
            case .accessUnit(let unit): units.append(unit)
            case .failed(let error): throw error
            }
        }
        guard let stream, !units.isEmpty else { throw SourceError(.unsupported, "\(path) holds no video") }
        return Self(stream: stream, units: units)
    }
}
