internal import CGStreamer
internal import CGStreamerShims

/// The end of a pipeline that hands samples to Swift. The element itself bounds its queue (`max-buffers`, `drop`).
package final class AppSink: @unchecked Sendable {
    // The C library documents GstAppSink as thread-safe; the pointer is immutable.
    private let pointer: UnsafeMutablePointer<GstElement>

    init(takingOwnershipOf pointer: UnsafeMutablePointer<GstElement>) { self.pointer = pointer }

    deinit { gst_object_unref(pointer) }

    /// `wake` is called on the streaming thread for each new sample and at the end of the stream, and must only hand
    /// over. Set it before the pipeline plays.
    package func onSample(_ wake: @escaping @Sendable () -> Void) {
        _ = cgst_app_sink_on_sample(
            pointer, { CallbackBox<@Sendable () -> Void>.body(of: $0)() }, CallbackBox.retained(wake),
            releaseCallbackBox)
    }

    /// Tells decoders upstream that frames with strides and offsets of their own are welcome (GstVideoMeta), so that they
    /// hand over their buffers instead of copies. Set it before the pipeline plays.
    package func offerVideoMeta() { cgst_app_sink_offer_video_meta(pointer) }

    /// The oldest sample waiting; nil when there is none. Never blocks.
    package func pull() -> Sample? {
        while let sample = cgst_app_sink_try_pull(pointer) {
            if let sample = Sample(takingOwnershipOf: sample) { return sample }
        }
        return nil
    }

    /// True when the stream has ended and every sample was pulled.
    package var isAtEnd: Bool { cgst_app_sink_is_eos(pointer) != 0 }
}
