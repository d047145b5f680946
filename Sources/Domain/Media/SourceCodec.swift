/// What a camera's pictures are as it sends them.
package enum SourceCodec: String, Sendable, Codable, CaseIterable {
    case h264, h265
    /// Each picture a JPEG of its own.
    case mjpeg
    /// Not encoded at all, as a device of this machine may give them.
    case raw

    package init(_ codec: VideoCodec) { self = codec == .h264 ? .h264 : .h265 }

    /// What is recorded of them: what no player takes from an MP4 file is encoded to H.264 when it arrives.
    package var recordedAs: VideoCodec { self == .h265 ? .h265 : .h264 }

    /// True where the pictures are encoded by this process.
    package var isEncodedHere: Bool { self == .mjpeg || self == .raw }
}
