internal import CGStreamer
internal import CGStreamerShims

/// One chunk of media (GstBuffer); shared by reference, its bytes are never written here.
package final class Buffer: @unchecked Sendable {
    // Immutable after init: this type has no mutation, and GStreamer copies a buffer that has more than one owner
    // before it writes to it. Mapping for reading is safe from several threads.
    let pointer: UnsafeMutablePointer<GstBuffer>

    init(takingOwnershipOf pointer: UnsafeMutablePointer<GstBuffer>) { self.pointer = pointer }

    init(borrowing pointer: UnsafeMutablePointer<GstBuffer>) { self.pointer = cgst_buffer_ref(pointer) }

    deinit { cgst_buffer_unref(pointer) }

    /// A new buffer without times that holds a copy of `bytes`.
    package convenience init(copying bytes: UnsafeRawBufferPointer) throws(GStreamerError) {
        try GStreamer.initialize()
        guard let buffer = cgst_buffer_copy_of(bytes.baseAddress, gsize(bytes.count)) else {
            throw GStreamerError(.buffer, "no memory for a buffer of \(bytes.count) bytes")
        }
        self.init(takingOwnershipOf: buffer)
    }

    /// Presentation time in nanoseconds on the stream's own timeline; nil where there is none.
    package var presentationNanoseconds: UInt64? { Self.valid(cgst_buffer_pts(pointer)) }
    /// Decoding time in nanoseconds on the stream's own timeline; nil where there is none.
    package var decodingNanoseconds: UInt64? { Self.valid(cgst_buffer_dts(pointer)) }
    /// Length in nanoseconds; nil where it is not known.
    package var durationNanoseconds: UInt64? { Self.valid(cgst_buffer_duration(pointer)) }

    /// True for data that cannot be decoded by itself (GST_BUFFER_FLAG_DELTA_UNIT).
    package var isDelta: Bool { has(GST_BUFFER_FLAG_DELTA_UNIT) }
    /// True after a loss (GST_BUFFER_FLAG_DISCONT).
    package var isDiscontinuity: Bool { has(GST_BUFFER_FLAG_DISCONT) }
    /// True for data that an element knows to be damaged (GST_BUFFER_FLAG_CORRUPTED).
    package var isCorrupted: Bool { has(GST_BUFFER_FLAG_CORRUPTED) }
    /// True for headers (GST_BUFFER_FLAG_HEADER).
    package var isHeader: Bool { has(GST_BUFFER_FLAG_HEADER) }

    package var byteCount: Int { Int(gst_buffer_get_size(pointer)) }

    /// Another buffer over the same memory (nothing is copied) with these times; nil means unknown.
    package func retimed(
        presentationNanoseconds: UInt64?, decodingNanoseconds: UInt64?, durationNanoseconds: UInt64?
    ) throws(GStreamerError) -> Buffer {
        let none = UInt64.max  // GST_CLOCK_TIME_NONE
        guard
            let copy = cgst_buffer_copy_timed(
                pointer, GstClockTime(presentationNanoseconds ?? none), GstClockTime(decodingNanoseconds ?? none),
                GstClockTime(durationNanoseconds ?? none))
        else { throw GStreamerError(.buffer, "a buffer cannot be copied") }
        return Buffer(takingOwnershipOf: copy)
    }

    /// As `retimed`, and marked as decodable by itself or not.
    package func retimed(
        presentationNanoseconds: UInt64?, decodingNanoseconds: UInt64?, durationNanoseconds: UInt64?, isDelta: Bool
    ) throws(GStreamerError) -> Buffer {
        let copy = try retimed(
            presentationNanoseconds: presentationNanoseconds, decodingNanoseconds: decodingNanoseconds,
            durationNanoseconds: durationNanoseconds)
        // Nobody else holds the copy yet.
        cgst_buffer_set_flag(copy.pointer, GST_BUFFER_FLAG_DELTA_UNIT.rawValue, isDelta ? 1 : 0)
        return copy
    }

    /// Maps the bytes for reading; they are valid only during `body`. An unmappable buffer appears empty.
    package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        var map = GstMapInfo()
        guard gst_buffer_map(pointer, &map, GST_MAP_READ) != 0 else {
            return try body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
        defer { gst_buffer_unmap(pointer, &map) }
        return try body(UnsafeRawBufferPointer(start: map.data, count: Int(map.size)))
    }

    /// A copy of the bytes.
    package func bytes() -> [UInt8] { withUnsafeBytes { [UInt8]($0) } }

    private func has(_ flag: GstBufferFlags) -> Bool { cgst_buffer_has_flag(pointer, flag.rawValue) != 0 }

    private static func valid(_ time: GstClockTime) -> UInt64? { time == .max ? nil : UInt64(time) }
}
