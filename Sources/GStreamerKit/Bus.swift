internal import CGStreamer
internal import CGStreamerShims
import Synchronization

/// Something an element said. Carries no credentials.
package struct BusMessage: Sendable, Hashable {
    package enum Kind: Sendable, Hashable { case error, warning, endOfStream }
    /// GStreamer's error domains.
    package enum Domain: Sendable, Hashable { case core, library, resource, stream, other }

    package var kind: Kind
    /// Name of the element that said it.
    package var source: String
    /// The kind of that element ("rtspsrc"); empty for a pipeline.
    package var factory: String
    package var domain: Domain
    /// The number in its domain (GstResourceError, GstStreamError, …).
    package var code: Int
    package var text: String
    /// File, line and detail, for logs.
    package var debug: String
}

/// What the elements of one pipeline have said and nobody has read yet. Keeps the oldest 256 messages.
package final class Bus: Sendable {
    private static let capacity = 256

    private struct State {
        var messages: [BusMessage] = []
        var wake: (@Sendable () -> Void)?
    }
    private let state = Mutex(State())

    /// Takes everything said since the last call, in order. From any thread, never blocks.
    package func drain() -> [BusMessage] {
        state.withLock { state in
            defer { state.messages = [] }
            return state.messages
        }
    }

    /// `wake` is called after each message from now on, on the thread of the element that said it, and must only hand
    /// over. Called at once where messages wait already. Nil stops it.
    package func onMessage(_ wake: (@Sendable () -> Void)?) {
        let waiting = state.withLock { state in
            state.wake = wake
            return !state.messages.isEmpty
        }
        if waiting { wake?() }
    }

    func receive(_ message: BusMessage) {
        let wake = state.withLock { state in
            if state.messages.count < Self.capacity { state.messages.append(message) }
            return state.wake
        }
        wake?()
    }

    /// Starts listening to a pipeline's bus.
    func attach(to bus: UnsafeMutablePointer<GstBus>) {
        let receive: @Sendable (BusMessage) -> Void = { [self] in self.receive($0) }
        cgst_bus_on_message(
            bus,
            { message, context in
                let receive = CallbackBox<@Sendable (BusMessage) -> Void>.body(of: context)
                if let message = BusMessage(message.pointee) { receive(message) }
            }, CallbackBox.retained(receive), releaseCallbackBox)
    }
}

extension BusMessage {
    fileprivate init?(_ message: cgst_message) {
        switch GstMessageType(rawValue: Int32(bitPattern: message.type)) {
        case GST_MESSAGE_ERROR: kind = .error
        case GST_MESSAGE_WARNING: kind = .warning
        case GST_MESSAGE_EOS: kind = .endOfStream
        default: return nil
        }
        source = String(cString: message.source)
        factory = String(cString: message.factory)
        domain =
            switch String(cString: message.domain) {
            case "gst-core-error-quark": .core
            case "gst-library-error-quark": .library
            case "gst-resource-error-quark": .resource
            case "gst-stream-error-quark": .stream
            default: .other
            }
        code = Int(message.code)
        text = Redaction.withoutCredentials(String(cString: message.text))
        debug = Redaction.withoutCredentials(String(cString: message.debug))
    }
}
