import Domain
import GStreamerKit
import Synchronization

/// The encoders of this machine, best first, and which of them failed since the program began. Shared by all cameras.
package final class EncoderChoice: Sendable {
    private let kinds: [EncoderKind]
    private let refused = Mutex<Set<String>>([])

    package init(_ kinds: [EncoderKind]) { self.kinds = kinds }

    /// Software encoders, untried.
    package static var software: EncoderChoice {
        EncoderChoice(EncoderKind.software.filter { GStreamer.hasElement($0.element) })
    }

    /// The one to use now. The last is used even where it failed: something must encode.
    func current() throws(SourceError) -> EncoderKind {
        let refused = refused.withLock { $0 }
        guard let kind = kinds.first(where: { !refused.contains($0.element) }) ?? kinds.last else {
            throw SourceError(
                .internalFailure,
                "These pictures have to be encoded to H.264, and there is no encoder: install gstreamer1.0-plugins-ugly."
            )
        }
        return kind
    }

    /// It did not work: the next connection takes another, where there is one.
    func failed(_ kind: EncoderKind) { refused.withLock { _ = $0.insert(kind.element) } }

    /// What a complaint means where the encoder itself made it, which is then not used again; nil where another element did.
    func failure(_ kind: EncoderKind, _ message: BusMessage, at address: String) -> SourceError? {
        guard message.kind == .error, message.factory == kind.element else { return nil }
        failed(kind)
        let next = (try? current()).flatMap { $0 == kind ? nil : $0.element }
        return SourceError(
            .internalFailure,
            "The pictures of \(address) cannot be encoded: \(kind.element): \(message.text)"
                + (next.map { " The next connection uses \($0)." } ?? ""))
    }
}
