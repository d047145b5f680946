internal import CGStreamer
internal import CGStreamerShims

/// How the planes of a decoded frame are laid out; 8 bits a sample.
package enum PlanarFormat: Sendable, Hashable {
    /// Y, U, V; chroma halved both ways.
    case i420
    /// Y, then interleaved U and V; chroma halved both ways.
    case nv12
    /// Y only.
    case gray8
}

/// One plane of a mapped frame: rows `strideBytes` apart, origin top left.
package struct MappedPlane {
    package var bytes: UnsafeRawPointer
    package var strideBytes: Int
}

/// A decoded frame mapped for reading; valid only during the call that hands it over.
package struct MappedFrame: ~Copyable {
    private var frame: cgst_video_frame
    package let format: PlanarFormat
    package var widthPixels: Int { Int(frame.width) }
    package var heightPixels: Int { Int(frame.height) }

    /// One, two or three planes as `format` says; the first is luma.
    package var planes: [MappedPlane] {
        withUnsafePointer(to: frame) { frame in
            (0..<frame.pointee.plane_count).map {
                MappedPlane(
                    bytes: cgst_video_frame_plane(frame, $0), strideBytes: Int(cgst_video_frame_stride(frame, $0)))
            }
        }
    }

    fileprivate init(_ sample: Sample) throws(GStreamerError) {
        guard let caps = sample.caps else { throw GStreamerError(.buffer, "a frame has no format") }
        var frame = cgst_video_frame()
        guard cgst_video_frame_map(&frame, caps.pointer, sample.buffer.pointer) != 0 else {
            throw GStreamerError(.buffer, "a frame of \(caps.text) cannot be mapped")
        }
        switch GstVideoFormat(rawValue: UInt32(bitPattern: frame.format)) {
        case GST_VIDEO_FORMAT_I420: format = .i420
        case GST_VIDEO_FORMAT_NV12: format = .nv12
        case GST_VIDEO_FORMAT_GRAY8: format = .gray8
        default:
            cgst_video_frame_unmap(&frame)
            throw GStreamerError(.buffer, "a frame of \(caps.text) is not I420, NV12 or GRAY8")
        }
        self.frame = frame
    }

    deinit {
        var frame = self.frame
        cgst_video_frame_unmap(&frame)
    }
}

extension Sample {
    /// Maps a raw video frame for reading without a copy, with the planes where the decoder put them (GstVideoMeta).
    package func withFrame<Result>(_ body: (borrowing MappedFrame) throws -> Result) throws -> Result {
        try body(MappedFrame(self))
    }
}
