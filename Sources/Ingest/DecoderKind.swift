import Domain
import GStreamerKit

/// What does the work in a decoder.
package enum DecoderFamily: String, Sendable, Hashable, CaseIterable {
    case vaapi, nvdec, v4l2, software

    /// The GStreamer plugin that brings its elements.
    var plugin: String {
        switch self {
        case .vaapi: "va"
        case .nvdec: "nvcodec"
        case .v4l2: "v4l2codecs"
        case .software: "libav"
        }
    }

    /// The Debian package of that plugin.
    var package: String { self == .software ? "gstreamer1.0-libav" : "gstreamer1.0-plugins-bad" }

    /// Where its devices appear: folder, and how their names begin. Nil: it needs none.
    var devices: (folder: String, prefix: String)? {
        switch self {
        case .vaapi: ("/dev/dri", "renderD")
        case .nvdec: ("/dev", "nvidia")
        case .v4l2: ("/dev", "media")
        case .software: nil
        }
    }

    /// What else it needs besides plugin and device, for people.
    var driver: String {
        switch self {
        case .vaapi: "a VA-API driver (intel-media-va-driver, mesa-va-drivers)"
        case .nvdec: "NVIDIA's driver with libnvcuvid1"
        case .v4l2: "a kernel driver for stateless codecs"
        case .software: "libavcodec"
        }
    }
}

/// One kind of element that decodes one codec: the only place that names decoders.
package struct DecoderKind: Sendable, Hashable {
    struct Setting: Sendable, Hashable {
        var name: String
        var value: String
        /// Elements of other versions may lack the property; it is then left out.
        var isOptional = false
    }

    /// The element's name ("avdec_h264").
    package var element: String
    package var family: DecoderFamily
    var settings: [Setting] = []

    /// Kinds that may be used for a codec, best first. A list and not GStreamer's ranks: what is on it was read about.
    static func allowed(for codec: VideoCodec) -> [DecoderKind] {
        switch codec {
        case .h264:
            [
                // Pictures out as soon as the stream allows, as with "std-compliance" below.
                Self(
                    element: "vah264dec", family: .vaapi,
                    settings: [Setting(name: "compliance", value: "normal", isOptional: true)]),
                Self(element: "nvh264dec", family: .nvdec, settings: nvdec),
                Self(
                    element: "v4l2slh264dec", family: .v4l2,
                    settings: [Setting(name: "compliance", value: "normal", isOptional: true)]),
                Self(element: "avdec_h264", family: .software, settings: software),
            ]
        case .h265:
            [
                Self(element: "vah265dec", family: .vaapi),
                Self(element: "nvh265dec", family: .nvdec, settings: nvdec),
                Self(element: "v4l2slh265dec", family: .v4l2),
                Self(element: "avdec_h265", family: .software, settings: software),
            ]
        }
    }

    private static let nvdec = [Setting(name: "max-display-delay", value: "0", isOptional: true)]

    // One thread: many cameras share few cores, and threads only add latency. "normal" compliance gives a frame out as
    // soon as the stream allows, "strict" (the default for what is not live) after a full reorder buffer. Frames known to
    // be damaged would look like motion.
    private static let software = [
        Setting(name: "max-threads", value: "1"),
        Setting(name: "std-compliance", value: "normal"),
        Setting(name: "output-corrupt", value: "false"),
    ]

    /// Sets the properties on the element named "decoder".
    func apply(to pipeline: Pipeline) throws(GStreamerError) {
        for setting in settings {
            do {
                try pipeline.set(setting.name, of: "decoder", to: .text(setting.value))
            } catch {
                guard setting.isOptional else { throw error }
            }
        }
    }
}
