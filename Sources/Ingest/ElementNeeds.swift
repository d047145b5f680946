import GStreamerKit

/// The GStreamer elements that reading and recording a camera takes, besides its decoder.
package enum ElementNeeds {
    /// A Debian package and those of its elements that are used.
    package struct Package: Sendable, Hashable {
        package var name: String
        package var elements: [String]
        /// Those that are not installed.
        package var missing: [String] { elements.filter { !GStreamer.hasElement($0) } }
    }

    package static let packages = [
        Package(name: "gstreamer1.0-plugins-base", elements: ["appsrc", "appsink", "videoconvert"]),
        Package(
            name: "gstreamer1.0-plugins-good",
            elements: [
                "rtspsrc", "rtph264depay", "rtph265depay", "rtpjpegdepay", "jpegdec", "rtpmp4gdepay", "aacparse",
                "qtdemux",
                "mp4mux", "v4l2src",
            ]),
        Package(name: "gstreamer1.0-plugins-bad", elements: ["h264parse", "h265parse"]),
    ]

    /// The version of the library.
    package static var gstreamerVersion: String { GStreamer.version }
}
