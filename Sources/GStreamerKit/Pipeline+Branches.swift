internal import CGStreamer
internal import CGStreamerShims
import Synchronization

/// A stream that a source is about to deliver, and the right to connect it. Valid only during the callback.
package struct NewPad: ~Copyable {
    private let pad: UnsafeMutablePointer<GstPad>
    private let element: UnsafeMutablePointer<GstElement>
    /// The stream's format, where it is known already.
    package let caps: Caps?

    fileprivate init(pad: UnsafeMutablePointer<GstPad>, element: UnsafeMutablePointer<GstElement>) {
        self.pad = pad
        self.element = element
        caps = (gst_pad_get_current_caps(pad) ?? gst_pad_query_caps(pad, nil)).map { Caps(takingOwnershipOf: $0) }
    }

    /// Whoever waits downstream gives up at once, and what comes is refused.
    package func flush() { cgst_flush_pad(pad) }

    /// Builds a branch from a description whose first element has its sink free, adds it beside the source, starts it
    /// and connects the stream to it. `prepare` runs before it starts, with the branch's elements reachable by name.
    package func connect(
        _ description: String, prepare: (borrowing Branch) throws(GStreamerError) -> Void
    ) throws(GStreamerError) {
        let branch = try withMessage { message, capacity in
            cgst_bin_parse(description, message, capacity)
        } otherwise: {
            GStreamerError(.description, "the branch \"\(description)\" cannot be built: \($0)")
        }.get()
        // Kept alive beyond the pipeline's own reference until it is linked.
        gst_object_ref_sink(branch)
        defer { gst_object_unref(branch) }
        try prepare(Branch(pointer: branch))
        guard
            let parent = gst_object_get_parent(UnsafeMutableRawPointer(element).assumingMemoryBound(to: GstObject.self))
        else { throw GStreamerError(.closed, "the source has left its pipeline") }
        defer { gst_object_unref(parent) }
        let bin = UnsafeMutableRawPointer(parent).assumingMemoryBound(to: GstElement.self)
        try withMessage { message, capacity in
            cgst_bin_add_running(bin, branch, message, capacity) != 0 ? () : nil
        } otherwise: {
            GStreamerError(.state, "the branch \"\(description)\" does not start: \($0)")
        }.get()
        try withMessage { message, capacity in
            cgst_link_to_sink(pad, branch, message, capacity) != 0 ? () : nil
        } otherwise: {
            GStreamerError(.link, "the stream does not fit the branch \"\(description)\": \($0)")
        }.get()
    }
}

/// A part of a pipeline under construction.
package struct Branch: ~Copyable {
    fileprivate let pointer: UnsafeMutablePointer<GstElement>

    /// The named `appsink` of this branch.
    package func appSink(_ name: String) throws(GStreamerError) -> AppSink {
        let element = try reference(to: name)
        guard cgst_is_app_sink(element) != 0 else {
            gst_object_unref(element)
            throw GStreamerError(.element, "element \(name) is not an appsink")
        }
        return AppSink(takingOwnershipOf: element)
    }

    /// Sets a property of a named element of this branch.
    package func set(_ property: String, of element: String, to value: PropertyValue) throws(GStreamerError) {
        let target = try reference(to: element)
        defer { gst_object_unref(target) }
        try Pipeline.set(property, on: target, called: "element \(element)", to: value)
    }

    /// As `Pipeline.makeKeyframes`.
    package func makeKeyframes(
        in encoder: String, everySeconds seconds: Double, lossesAt element: String
    ) throws(GStreamerError) {
        let target = try reference(to: encoder)
        defer { gst_object_unref(target) }
        let first = try reference(to: element)
        defer { gst_object_unref(first) }
        cgst_encoder_watch(target, first, guint64(seconds * 1e9))
    }

    private func reference(to element: String) throws(GStreamerError) -> UnsafeMutablePointer<GstElement> {
        guard let found = cgst_bin_get(pointer, element) else {
            throw GStreamerError(.element, "the branch has no element named \(element)")
        }
        return found
    }
}

extension Pipeline {
    /// Has the named video encoder make a keyframe every so many seconds of its pictures' time, whatever their rate, and at
    /// the first picture after one is missing at `element` (the encoder, or one before it). The keyframe is then marked as
    /// following a loss, as the encoder itself does not pass that on. Call before playing.
    package func makeKeyframes(
        in encoder: String, everySeconds seconds: Double, lossesAt element: String
    ) throws(GStreamerError) {
        let target = try reference(to: encoder)
        defer { gst_object_unref(target) }
        let first = try reference(to: element)
        defer { gst_object_unref(first) }
        cgst_encoder_watch(target, first, guint64(seconds * 1e9))
    }

    /// `body` is called for each stream that the named element (rtspsrc, a demuxer) offers, on a streaming thread, and
    /// may only connect it. Call before playing.
    package func onPadAdded(
        of element: String, _ body: @escaping @Sendable (borrowing NewPad) -> Void
    ) throws(GStreamerError) {
        let target = try reference(to: element)
        defer { gst_object_unref(target) }
        cgst_on_pad_added(
            target,
            { element, pad, context in
                let body = CallbackBox<@Sendable (borrowing NewPad) -> Void>.body(of: context)
                body(NewPad(pad: pad, element: element))
            }, CallbackBox.retained(body), releaseCallbackBox)
    }

    /// `body` is called when the named element will offer no further stream, on a streaming thread, and must only hand
    /// over. Call before playing.
    package func onNoMorePads(of element: String, _ body: @escaping @Sendable () -> Void) throws(GStreamerError) {
        let target = try reference(to: element)
        defer { gst_object_unref(target) }
        cgst_on_no_more_pads(
            target, { _, context in CallbackBox<@Sendable () -> Void>.body(of: context)() },
            CallbackBox.retained(body), releaseCallbackBox)
    }

    /// Whoever waits downstream of the named element gives up at once, and what comes is refused. Call before closing where
    /// the element's own thread may wait in a sink: stopping the element waits for that thread, and a sink that is paused on
    /// the way keeps it.
    package func flush(from element: String) throws(GStreamerError) {
        let target = try reference(to: element)
        defer { gst_object_unref(target) }
        cgst_flush_sources(target)
    }

    /// Spares the named rtspsrc its jitter buffer, and with it a thread and a switch of threads for each packet, where it
    /// receives a single stream. Only for TCP, over which packets come in order. Call before playing, and `flush` before
    /// closing.
    package func omitJitterBuffer(of element: String) throws(GStreamerError) {
        let target = try reference(to: element)
        defer { gst_object_unref(target) }
        cgst_rtsp_without_jitterbuffer(target)
    }

    /// `body` says for a TLS certificate that the named rtspsrc's camera shows and that does not pass whether it is taken all
    /// the same; called on the element's own thread, and must only decide. Call before playing.
    package func onDoubtfulCertificate(
        of element: String, _ body: @escaping @Sendable (DoubtfulCertificate) -> Bool
    ) throws(GStreamerError) {
        let target = try reference(to: element)
        defer { gst_object_unref(target) }
        cgst_on_accept_certificate(
            target,
            { sha256, flaws, context in
                let body = CallbackBox<@Sendable (DoubtfulCertificate) -> Bool>.body(of: context)
                return body(DoubtfulCertificate(sha256: String(cString: sha256), flaws: UInt32(flaws))) ? 1 : 0
            }, CallbackBox.retained(body), releaseCallbackBox)
    }

    /// `body` says for each stream of an RTSP session description whether to ask the camera for it; called by the named
    /// rtspsrc on its own thread, and must only decide. Call before playing.
    package func onSelectStream(
        of element: String, _ body: @escaping @Sendable (_ number: Int, _ caps: Caps) -> Bool
    ) throws(GStreamerError) {
        let target = try reference(to: element)
        defer { gst_object_unref(target) }
        cgst_on_select_stream(
            target,
            { _, number, caps, context in
                let body = CallbackBox<@Sendable (Int, Caps) -> Bool>.body(of: context)
                return body(Int(number), Caps(borrowing: caps)) ? 1 : 0
            }, CallbackBox.retained(body), releaseCallbackBox)
    }
}
