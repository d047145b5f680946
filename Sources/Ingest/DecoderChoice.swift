import Domain
import GStreamerKit

/// Which element decodes a codec: the one place that knows.
struct DecoderChoice: Sendable, Hashable {
    /// The element's kind ("avdec_h264").
    var element: String
    /// Properties that it is given.
    var properties: [Setting]

    struct Setting: Sendable, Hashable {
        var name: String
        var value: String
    }

    /// Kinds that may be used, best first.
    private static let allowed: [VideoCodec: [String]] = [
        .h264: ["avdec_h264"],
        .h265: ["avdec_h265"],
    ]

    /// The best that is installed; nil when there is none.
    static func installed(for codec: VideoCodec) -> Self? {
        guard let element = allowed[codec]?.first(where: GStreamer.hasElement) else { return nil }
        return Self(element: element, properties: element.hasPrefix("avdec_") ? software : [])
    }

    // One thread: many cameras share few cores, and threads only add latency. "normal" compliance gives a frame out as
    // soon as the stream allows, "strict" (the default for what is not live) after a full reorder buffer. Frames known to
    // be damaged would look like motion.
    private static let software = [
        Setting(name: "max-threads", value: "1"),
        Setting(name: "std-compliance", value: "normal"),
        Setting(name: "output-corrupt", value: "false"),
    ]
}
