import Domain
import GStreamerKit
import Glibc

/// Maps what goes wrong with a camera of this machine to a `SourceError` that its owner can act on.
struct DeviceFailure: Sendable {
    /// The device's file.
    var path: String
    /// True once a picture came.
    var wasRunning: Bool
    var timeoutSeconds: Double

    // Numbers of GstResourceError.
    private enum Resource {
        static let notFound = 3
        static let busy = 4
        static let settings = 13
        static let notAuthorized = 15
    }

    /// `present` are the cameras that there are, for who mistyped.
    func error(for failure: CaptureDevice.Failure, present: [CaptureDevice]) -> SourceError {
        switch failure.code {
        case ENOENT, ENXIO, ENODEV:
            let others = present.map { "\($0.path) (\($0.name))" }.joined(separator: ", ")
            return SourceError(
                .unreachable,
                "There is no device \(path). "
                    + (others.isEmpty
                        ? "This machine has no camera that this user may open." : "This machine has \(others)."))
        case EACCES, EPERM: return notAllowed
        case EBUSY: return busy
        case ENOTTY, EINVAL, ENOSYS:
            return SourceError(.unsupported, "\(path) is no camera. `vedette doctor` lists those that there are.")
        default:
            return SourceError(.unreachable, "\(path) cannot be opened: \(failure.text).")
        }
    }

    func error(for message: BusMessage) -> SourceError {
        switch (message.domain, message.code) {
        case _ where message.kind == .endOfStream: return ended
        case (.resource, Resource.busy): return busy
        case (.resource, Resource.notAuthorized): return notAllowed
        case (.resource, Resource.notFound) where !wasRunning:
            return error(for: CaptureDevice.Failure(code: ENOENT), present: [])
        case (.resource, Resource.settings):
            return SourceError(
                .unsupported, "\(path) refuses the format that it offers: \(message.text) Try another with `?format=`.")
        case (.resource, _):
            if message.debug.contains("EBUSY") || message.debug.contains("resource busy") { return busy }
            return wasRunning ? ended : SourceError(.unreachable, "\(path) cannot be read: \(message.text)")
        case (.stream, _):
            return SourceError(.corrupt, "What \(path) gives cannot be read: \(message.text)")
        default:
            return SourceError(
                .internalFailure,
                "Reading \(path) failed in \(message.source): \(message.text) `vedette doctor` shows what is missing.")
        }
    }

    var silent: SourceError {
        let seconds = (timeoutSeconds * 10).rounded() / 10
        return wasRunning
            ? SourceError(.stalled, "\(path) stopped giving pictures: none for \(seconds) s.")
            : SourceError(.timeout, "\(path) gave no picture within \(seconds) s.")
    }

    var ended: SourceError { SourceError(.ended, "\(path) gives no more pictures; it may have been unplugged.") }

    private var busy: SourceError {
        SourceError(.unreachable, "\(path) is in use by another program, or by another camera of this service.")
    }

    private var notAllowed: SourceError {
        SourceError(
            .unauthorized, "This user may not open \(path). Add the user that runs Vedette to the group `video`.")
    }
}
