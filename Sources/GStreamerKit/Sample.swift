internal import CGStreamer
internal import CGStreamerShims

/// A buffer together with its format and timeline (GstSample), as an `AppSink` gives it.
package final class Sample: @unchecked Sendable {
    // Immutable after init: samples from an appsink have no other writer.
    private let pointer: OpaquePointer
    package let buffer: Buffer
    package let caps: Caps?

    /// Nil for a sample without a buffer, which is released.
    init?(takingOwnershipOf pointer: OpaquePointer) {
        guard let buffer = gst_sample_get_buffer(pointer) else {
            cgst_sample_unref(pointer)
            return nil
        }
        self.pointer = pointer
        self.buffer = Buffer(borrowing: buffer)
        caps = gst_sample_get_caps(pointer).map { Caps(borrowing: $0) }
    }

    deinit { cgst_sample_unref(pointer) }

    /// Presentation time as running time in nanoseconds: since the pipeline began to play. Negative before the
    /// segment's start; nil where the buffer has no time.
    package var presentationRunningTime: Int64? { buffer.presentationNanoseconds.flatMap(runningTime) }
    /// Decoding time as running time in nanoseconds.
    package var decodingRunningTime: Int64? { buffer.decodingNanoseconds.flatMap(runningTime) }

    private func runningTime(_ time: UInt64) -> Int64? {
        var result: gint64 = 0
        return cgst_sample_running_time(pointer, GstClockTime(time), &result) != 0 ? Int64(result) : nil
    }
}
