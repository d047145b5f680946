import Domain
import GStreamerKit

/// Maps what the elements of an RTSP connection say to a `SourceError` that the camera's owner can act on.
struct RTSPFailure: Sendable {
    /// `host:port`.
    var address: String
    /// True once an access unit came.
    var wasRunning: Bool
    /// What the camera said it can send ("JPEG video, PCMU audio"), where it got that far.
    var offers: [String]
    var timeoutSeconds: Double

    // Numbers of GstResourceError.
    private enum Resource {
        static let notFound = 3
        static let openRead = 5
        static let openWrite = 6
        static let openReadWrite = 7
        static let close = 8
        static let read = 9
        static let notAuthorized = 15
    }

    func error(for message: BusMessage) -> SourceError {
        if message.kind == .endOfStream { return ended }
        let debug = message.debug.lowercased()
        switch (message.domain, message.code) {
        case (.resource, Resource.notAuthorized): return unauthorized
        case (.resource, Resource.notFound): return notFound
        case (.resource, Resource.openRead), (.resource, Resource.openWrite), (.resource, Resource.openReadWrite),
            (.resource, Resource.read), (.resource, Resource.close):
            if debug.contains("unauthorized") || debug.contains("401") && debug.contains("status") {
                return unauthorized
            }
            if debug.contains("out of memory") { return tooLarge }
            if debug.contains("glib-networking") || message.text.contains("glib-networking") { return lacksTLS }
            if wasRunning { return ended }
            if debug.contains("timeout") { return timeout }
            if debug.contains("parse error") || debug.contains("invalid") { return notRTSP }
            return debug.contains("connect") || message.code != Resource.read ? unreachable : closedEarly
        case (.stream, _):
            if message.factory == "rtspsrc" { return unsupported }
            return SourceError(
                .corrupt,
                "The video that \(address) sends cannot be read: \(message.text) Check the encoder's settings in the camera."
            )
        case (.core, _):
            return SourceError(
                .internalFailure,
                "Reading \(address) failed in \(message.source): \(message.text) `vedette doctor` shows what is missing."
            )
        default:
            return wasRunning ? ended : SourceError(.unreachable, "\(address) cannot be read: \(message.text)")
        }
    }

    var timeout: SourceError {
        SourceError(
            .timeout,
            "\(address) sent no picture within \(Self.seconds(timeoutSeconds)). Check that the camera is on and that the address and port are right."
        )
    }

    var stalled: SourceError {
        SourceError(.stalled, "\(address) stopped sending: no picture for \(Self.seconds(timeoutSeconds)).")
    }

    var ended: SourceError {
        wasRunning
            ? SourceError(.ended, "\(address) closed the stream.")
            : closedEarly
    }

    var unsupported: SourceError {
        let offer =
            offers.isEmpty ? "nothing that can be recorded" : offers.joined(separator: " and ")
        return SourceError(
            .unsupported,
            "\(address) offers \(offer); H.264, H.265 or JPEG video is needed. Change the codec in the camera.")
    }

    private var tooLarge: SourceError {
        SourceError(
            .unsupported,
            "\(address) answers with more than any description of a stream needs. Check that it is the camera.")
    }

    private var lacksTLS: SourceError {
        SourceError(.internalFailure, "\(address) speaks TLS, and this machine lacks it: install glib-networking.")
    }

    private var closedEarly: SourceError {
        SourceError(.ended, "\(address) closed the connection before it sent a picture.")
    }

    private var unreachable: SourceError {
        SourceError(
            .unreachable,
            "No connection to \(address). Check the host name, the port, and that the camera is on this network.")
    }

    private var unauthorized: SourceError {
        SourceError(
            .unauthorized, "\(address) refuses the user name or password. Correct them in the camera's address.")
    }

    private var notFound: SourceError {
        SourceError(
            .notFound, "\(address) has no stream of that path. Look up the path in the camera's manual.")
    }

    private var notRTSP: SourceError {
        SourceError(.unsupported, "What answers at \(address) does not speak RTSP. Check the port.")
    }

    private static func seconds(_ value: Double) -> String {
        value == value.rounded() ? "\(Int(value)) s" : "\(value) s"
    }
}
