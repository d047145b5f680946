/// Which decoders an operator wants, as the setting `decoder` says it. Software always remains as the last resort.
package enum DecoderPreference: String, Sendable, Hashable, CaseIterable {
    /// The machine's hardware where it works, else software.
    case auto
    case software
    /// VA-API: Intel and AMD graphics.
    case vaapi
    /// NVIDIA.
    case nvdec
    /// V4L2 stateless codecs of small boards.
    case v4l2
}
