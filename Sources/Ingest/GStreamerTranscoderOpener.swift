import Domain
import Synchronization

/// Opens transcoders with the best decoder and encoder of the machine that have not failed lately.
package final class GStreamerTranscoderOpener: LiveTranscoderOpener {
    private let decoders: DecoderCatalogue
    private let encoders: EncoderChoice
    private let clock: any WallClock
    private let memory = Mutex(DecoderMemory())

    /// Without a catalogue or a choice, software only.
    package init(
        _ decoders: DecoderCatalogue = .software, encoders: EncoderChoice = .software, clock: any WallClock
    ) {
        self.decoders = decoders
        self.encoders = encoders
        self.clock = clock
    }

    package func forOneCamera() -> any LiveTranscoderOpener {
        GStreamerTranscoderOpener(decoders, encoders: encoders, clock: clock)
    }

    package func open(
        _ stream: StreamDescription, from backlog: [AccessUnit], wake: @escaping @Sendable () -> Void
    ) throws(SourceError) -> any LiveTranscoder {
        let codec = stream.codec
        let kinds = memory.withLock { $0.choose(from: decoders.usable(for: codec), for: codec, at: .now) }
        guard let kind = kinds.first else { throw decoders.absence(of: codec) }
        return try Transcoder(
            stream, from: backlog, decoder: kind, encoders: encoders, clock: clock,
            onDecoderFailure: { [weak self] reason in
                self?.memory.withLock { $0.refuse(kind.element, for: codec, at: .now, reason: reason) }
            }, wake: wake)
    }
}
