internal import CGStreamer
internal import CGStreamerShims

/// The start of a pipeline that Swift feeds. Pushing never blocks (`block=false`): look at `queuedBytes` to bound it.
package final class AppSource: @unchecked Sendable {
    // The C library documents GstAppSrc as thread-safe; the pointer is immutable.
    private let pointer: UnsafeMutablePointer<GstElement>

    init(takingOwnershipOf pointer: UnsafeMutablePointer<GstElement>) { self.pointer = pointer }

    deinit { gst_object_unref(pointer) }

    /// Queues a buffer by reference. Throws `.flow` when the pipeline has stopped taking data.
    package func push(_ buffer: Buffer) throws(GStreamerError) {
        try check(cgst_app_source_push(pointer, cgst_buffer_ref(buffer.pointer)))
    }

    /// Queues a buffer whose running time is its time minus `originNanoseconds`, so that times before zero can be said.
    /// The element needs `format=time handle-segment-change=true`, and the same origin for every buffer.
    package func push(_ buffer: Buffer, originNanoseconds: UInt64) throws(GStreamerError) {
        try check(
            cgst_app_source_push_from(pointer, cgst_buffer_ref(buffer.pointer), GstClockTime(originNanoseconds)))
    }

    /// Ends the stream after what is queued.
    package func end() throws(GStreamerError) { try check(cgst_app_source_end(pointer)) }

    /// Bytes pushed that the pipeline has not taken yet.
    package var queuedBytes: Int { Int(clamping: cgst_app_source_level_bytes(pointer)) }

    /// `wake` is called on the streaming thread when the queue runs empty, and must only hand over. Set it before the
    /// pipeline plays.
    package func onNeed(_ wake: @escaping @Sendable () -> Void) {
        _ = cgst_app_source_on_need(
            pointer, { CallbackBox<@Sendable () -> Void>.body(of: $0)() }, CallbackBox.retained(wake),
            releaseCallbackBox)
    }

    private func check(_ result: GstFlowReturn) throws(GStreamerError) {
        guard result == GST_FLOW_OK else {
            let name = gst_flow_get_name(result).map { String(cString: $0) } ?? "\(result.rawValue)"
            throw GStreamerError(.flow, "the pipeline does not take data: \(name)")
        }
    }
}
