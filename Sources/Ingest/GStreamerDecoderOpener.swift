import Domain
import Synchronization

/// Opens decoders: the best of the machine that has not failed for this camera lately.
package final class GStreamerDecoderOpener: DecoderOpener {
    private let catalogue: DecoderCatalogue
    private let memory = Mutex(DecoderMemory())

    /// Without a catalogue, software only.
    package init(_ catalogue: DecoderCatalogue = .software) { self.catalogue = catalogue }

    package func forOneCamera() -> any DecoderOpener { GStreamerDecoderOpener(catalogue) }

    package func open(
        _ stream: StreamDescription, wake: @escaping @Sendable () -> Void
    ) throws(SourceError) -> any FrameDecoder {
        let kinds = catalogue.usable(for: stream.codec)
        return try open(memory.withLock { $0.choose(from: kinds, for: stream.codec, at: .now) }, stream, wake)
    }

    /// Software first: a look lasts milliseconds, while a device is slow to open and takes a limited number of users.
    package func openForOnePicture(
        _ stream: StreamDescription, wake: @escaping @Sendable () -> Void
    ) throws(SourceError) -> any FrameDecoder {
        if let decoder = KeyframeDecoder(stream, wake: wake) { return decoder }
        return try open(catalogue.usable(for: stream.codec).reversed(), stream, wake)
    }

    package func replaces(_ decoder: any FrameDecoder, of codec: VideoCodec, after failure: SourceError) -> Bool {
        let kinds = catalogue.usable(for: codec)
        guard kinds.count > 1, decoder.name != kinds.last?.element else { return false }
        memory.withLock { $0.refuse(decoder.name, for: codec, at: .now, reason: failure.detail) }
        return true
    }

    package var fallback: String? { memory.withLock { $0.remark(at: .now) } }

    private func open(
        _ kinds: [DecoderKind], _ stream: StreamDescription, _ wake: @escaping @Sendable () -> Void
    ) throws(SourceError) -> any FrameDecoder {
        var failure = catalogue.absence(of: stream.codec)
        for kind in kinds {
            do {
                return try Decoder(stream, kind: kind, wake: wake)
            } catch {
                memory.withLock { $0.refuse(kind.element, for: stream.codec, at: .now, reason: error.detail) }
                failure = error
            }
        }
        throw failure
    }
}
