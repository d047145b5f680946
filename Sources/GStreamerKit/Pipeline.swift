internal import CGStreamer
internal import CGStreamerShims
import Dispatch
import Synchronization

/// A GStreamer pipeline made from a text description. Owns its elements; `close()` stops and frees it.
///
/// Thread-safe: every call may come from any thread, and after `close()` all but `bus` throw `.closed`.
package final class Pipeline: Sendable {
    // The only owner of one reference to the pipeline.
    private struct Handle: @unchecked Sendable {
        // The C library documents GstElement and GstBin as thread-safe.
        let pointer: UnsafeMutablePointer<GstElement>
    }
    private let handle: Mutex<Handle?>

    /// What the elements say.
    package let bus = Bus()

    /// Stopping a pipeline waits for its threads and for the network, so it runs here and not on the shared pool.
    /// Concurrent: one camera that does not hang up must not hold the others.
    private static let closing = DispatchQueue(label: "vedette.gstreamer.close", attributes: .concurrent)

    /// Builds the pipeline; it does not run yet. The description must be ours: never paste a user's text into one, set
    /// properties instead.
    package init(_ description: String) throws(GStreamerError) {
        try GStreamer.initialize()
        let pointer = try withMessage { message, capacity in
            cgst_pipeline_parse(description, message, capacity)
        } otherwise: {
            GStreamerError(.description, "the pipeline \"\(description)\" cannot be built: \($0)")
        }.get()
        let bus = cgst_pipeline_bus(pointer)
        self.bus.attach(to: bus)
        gst_object_unref(bus)
        handle = Mutex(Handle(pointer: pointer))
    }

    deinit {
        // Forgotten `close()`: still stopped before the last reference goes, just not waited for.
        guard let handle = take() else { return }
        Self.closing.async { Self.stop(handle) }
    }

    // MARK: Setting up

    /// Sets a property of a named element.
    package func set(_ property: String, of element: String, to value: PropertyValue) throws(GStreamerError) {
        let target = try reference(to: element)
        defer { gst_object_unref(target) }
        try Self.set(property, on: target, called: "element \(element)", to: value)
    }

    /// Sets a property of a pad ("video_0" of a muxer) of a named element.
    package func set(
        _ property: String, ofPad pad: String, of element: String, to value: PropertyValue
    ) throws(GStreamerError) {
        let owner = try reference(to: element)
        defer { gst_object_unref(owner) }
        guard let target = gst_element_get_static_pad(owner, pad) else {
            throw GStreamerError(.element, "element \(element) has no pad named \(pad)")
        }
        defer { gst_object_unref(target) }
        try Self.set(property, on: target, called: "pad \(pad) of element \(element)", to: value)
    }

    static func set(
        _ property: String, on target: gpointer, called name: String, to value: PropertyValue
    ) throws(GStreamerError) {
        try withMessage { message, capacity in
            let done =
                switch value {
                case .text(let text): cgst_set_text(target, property, text, message, capacity)
                case .integer(let number): cgst_set_integer(target, property, gint64(number), message, capacity)
                case .unsigned(let number): cgst_set_unsigned(target, property, guint64(number), message, capacity)
                case .real(let number): cgst_set_real(target, property, number, message, capacity)
                case .boolean(let flag): cgst_set_boolean(target, property, flag ? 1 : 0, message, capacity)
                case .caps(let caps): cgst_set_caps(target, property, caps.pointer, message, capacity)
                }
            return done != 0 ? () : nil
        } otherwise: {
            // The value stays out of the error: it may be a password.
            GStreamerError(.property, "property \(property) of \(name) cannot be set: \($0)")
        }.get()
    }

    /// A numeric property of a named element; nil where it is not a number.
    package func number(_ property: String, of element: String) throws(GStreamerError) -> UInt64? {
        let target = try reference(to: element)
        defer { gst_object_unref(target) }
        var value: guint64 = 0
        return cgst_get_unsigned(target, property, &value) != 0 ? UInt64(value) : nil
    }

    /// The kind of a named element ("avdec_h264").
    package func factory(of element: String) throws(GStreamerError) -> String {
        let target = try reference(to: element)
        defer { gst_object_unref(target) }
        return cgst_factory_name(target).map { String(cString: $0) } ?? ""
    }

    /// The named `appsink`.
    package func appSink(_ name: String) throws(GStreamerError) -> AppSink {
        let element = try reference(to: name)
        guard cgst_is_app_sink(element) != 0 else {
            gst_object_unref(element)
            throw GStreamerError(.element, "element \(name) is not an appsink")
        }
        return AppSink(takingOwnershipOf: element)
    }

    /// The named `appsrc`.
    package func appSource(_ name: String) throws(GStreamerError) -> AppSource {
        let element = try reference(to: name)
        guard cgst_is_app_source(element) != 0 else {
            gst_object_unref(element)
            throw GStreamerError(.element, "element \(name) is not an appsrc")
        }
        return AppSource(takingOwnershipOf: element)
    }

    // MARK: Running

    /// Begins to play. Returns while live sources still connect; what fails later is said on `bus`.
    package func play() throws(GStreamerError) { try setState(GST_STATE_PLAYING, "playing") }

    /// Opens devices and connections without letting media flow into the sinks beyond the first sample.
    package func pause() throws(GStreamerError) { try setState(GST_STATE_PAUSED, "paused") }

    /// Asks every source to end, so that muxers can finish; `bus` says `.endOfStream` when it has come through.
    package func endStreams() throws(GStreamerError) {
        let pipeline = try reference()
        defer { gst_object_unref(pipeline) }
        guard gst_element_send_event(pipeline, gst_event_new_eos()) != 0 else {
            throw GStreamerError(.state, "the pipeline does not take an end of stream")
        }
    }

    /// Stops the pipeline and frees it; idempotent. No callback runs after it returns. Blocking work happens on a
    /// queue of its own.
    package func close() async {
        guard let handle = take() else { return }
        await withCheckedContinuation { continuation in
            Self.closing.async {
                Self.stop(handle)
                continuation.resume()
            }
        }
    }

    // MARK: Inside

    private static func stop(_ handle: Handle) {
        // Going to NULL joins the streaming threads and cannot be asynchronous:
        // https://gstreamer.freedesktop.org/documentation/gstreamer/gstelement.html#gst_element_set_state
        gst_element_set_state(handle.pointer, GST_STATE_NULL)
        let bus = cgst_pipeline_bus(handle.pointer)
        cgst_bus_silence(bus)
        gst_object_unref(bus)
        gst_object_unref(handle.pointer)
    }

    private func take() -> Handle? {
        handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
    }

    private func setState(_ state: GstState, _ name: String) throws(GStreamerError) {
        let pipeline = try reference()
        defer { gst_object_unref(pipeline) }
        guard gst_element_set_state(pipeline, state) != GST_STATE_CHANGE_FAILURE else {
            let said = bus.drain().first { $0.kind == .error }
            let reason = said.map { ": \($0.source): \($0.text)" } ?? ""
            throw GStreamerError(.state, "the pipeline does not go to \(name)\(reason)")
        }
    }

    /// A new reference to the pipeline itself; the caller releases it.
    func reference() throws(GStreamerError) -> UnsafeMutablePointer<GstElement> {
        let found = handle.withLock { handle in
            handle.map { handle in
                cgst_ref(handle.pointer)
                return handle
            }
        }
        guard let found else { throw GStreamerError(.closed, "the pipeline is closed") }
        return found.pointer
    }

    /// A new reference to a named element; the caller releases it.
    func reference(to element: String) throws(GStreamerError) -> UnsafeMutablePointer<GstElement> {
        let pipeline = try reference()
        defer { gst_object_unref(pipeline) }
        guard let found = cgst_bin_get(pipeline, element) else {
            throw GStreamerError(.element, "the pipeline has no element named \(element)")
        }
        return found
    }
}
