internal import CGStreamer
internal import CGStreamerShims

/// A media format (GstCaps); immutable here, shared by reference.
package final class Caps: @unchecked Sendable {
    // Immutable after init: caps with more than one owner cannot be written, and this type has no mutation.
    let pointer: UnsafeMutablePointer<GstCaps>

    init(takingOwnershipOf pointer: UnsafeMutablePointer<GstCaps>) { self.pointer = pointer }

    init(borrowing pointer: UnsafeMutablePointer<GstCaps>) { self.pointer = cgst_caps_ref(pointer) }

    deinit { cgst_caps_unref(pointer) }

    /// Parses the text form ("video/x-h264, width=1280").
    package convenience init(_ text: String) throws(GStreamerError) {
        try GStreamer.initialize()
        guard let caps = gst_caps_from_string(text) else {
            throw GStreamerError(.description, "\"\(text)\" is no GStreamer caps")
        }
        self.init(takingOwnershipOf: caps)
    }

    /// The name of the first structure ("video/x-h264"); empty for empty caps.
    package var mediaType: String {
        guard let structure else { return "" }
        return gst_structure_get_name(structure).map { String(cString: $0) } ?? ""
    }

    /// A string field of the first structure.
    package func text(_ field: String) -> String? {
        guard let structure, let text = gst_structure_get_string(structure, field) else { return nil }
        return String(cString: text)
    }

    /// An integer field of the first structure.
    package func integer(_ field: String) -> Int? {
        var value: gint = 0
        guard let structure, gst_structure_get_int(structure, field, &value) != 0 else { return nil }
        return Int(value)
    }

    /// A fraction field of the first structure.
    package func fraction(_ field: String) -> (numerator: Int, denominator: Int)? {
        var (numerator, denominator): (gint, gint) = (0, 0)
        guard let structure, gst_structure_get_fraction(structure, field, &numerator, &denominator) != 0 else {
            return nil
        }
        return (Int(numerator), Int(denominator))
    }

    /// A copy of a buffer field's bytes ("codec_data").
    package func bytes(_ field: String) -> [UInt8]? {
        guard let structure, let value = gst_structure_get_value(structure, field),
            let buffer = cgst_value_buffer(value)
        else { return nil }
        return Buffer(borrowing: buffer).bytes()
    }

    /// Same format in every field.
    package func isEqual(to other: Caps) -> Bool {
        pointer == other.pointer || gst_caps_is_strictly_equal(pointer, other.pointer) != 0
    }

    /// The text form; may be long, as codec data is part of it.
    package var text: String {
        guard let text = gst_caps_to_string(pointer) else { return "" }
        defer { g_free(text) }
        return String(cString: text)
    }

    // Owned by the caps.
    private var structure: UnsafeMutablePointer<GstStructure>? {
        gst_caps_get_size(pointer) > 0 ? gst_caps_get_structure(pointer, 0) : nil
    }
}
