internal import CGStreamer
internal import CGStreamerShims

/// The library as a whole.
package enum GStreamer {
    // Runs once, on first use; a failure stays.
    private static let started: Result<Void, GStreamerError> = {
        withMessage { message, capacity in
            cgst_init(message, capacity) != 0 ? () : nil
        } otherwise: {
            GStreamerError(.initialization, "GStreamer does not start: \($0)")
        }
    }()

    /// Starts the library; any number of times, from any thread. `Pipeline` does it by itself.
    package static func initialize() throws(GStreamerError) { try started.get() }

    /// The version of the library that is linked ("1.22.0").
    package static var version: String {
        var (major, minor, micro, nano): (guint, guint, guint, guint) = (0, 0, 0, 0)
        gst_version(&major, &minor, &micro, &nano)
        return "\(major).\(minor).\(micro)"
    }

    /// True when a plugin of this name ("va") is installed, whether or not it found a device to make elements for.
    package static func hasPlugin(_ name: String) -> Bool {
        guard (try? initialize()) != nil, let plugin = gst_registry_find_plugin(gst_registry_get(), name) else {
            return false
        }
        gst_object_unref(UnsafeMutableRawPointer(plugin))
        return true
    }

    /// True when a plugin that makes elements of this name ("avdec_h264") is installed.
    package static func hasElement(_ name: String) -> Bool {
        guard (try? initialize()) != nil, let factory = gst_element_factory_find(name) else { return false }
        gst_object_unref(UnsafeMutableRawPointer(factory))
        return true
    }
}

/// Calls `body` with a buffer for a message; where it returns nil, the message makes the error.
func withMessage<Value>(
    _ body: (UnsafeMutablePointer<CChar>, gsize) -> Value?, otherwise makeError: (String) -> GStreamerError
) -> Result<Value, GStreamerError> {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { message in
        message.initialize(repeating: 0)
        guard let base = message.baseAddress, let value = body(base, gsize(message.count)) else {
            return .failure(makeError(message.baseAddress.map { String(cString: $0) } ?? ""))
        }
        return .success(value)
    }
}

/// Holds a closure for a C callback: made with `Unmanaged.passRetained`, freed by `free` as the destroy notification.
final class CallbackBox<Body>: Sendable where Body: Sendable {
    let body: Body

    init(_ body: Body) { self.body = body }

    /// A retained pointer for the C side.
    static func retained(_ body: Body) -> gpointer { Unmanaged.passRetained(CallbackBox(body)).toOpaque() }

    /// The closure behind a pointer made by `retained`, which stays retained.
    static func body(of context: gpointer) -> Body {
        Unmanaged<CallbackBox>.fromOpaque(context).takeUnretainedValue().body
    }
}

/// The destroy notification of every `CallbackBox`.
func releaseCallbackBox(_ context: gpointer?) {
    if let context { Unmanaged<AnyObject>.fromOpaque(context).release() }
}
