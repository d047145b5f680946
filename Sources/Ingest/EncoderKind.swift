import Domain
import GStreamerKit
import Pipelines

/// One kind of element that encodes H.264, for cameras whose pictures no clip can hold as they come: the only place that
/// names encoders.
package struct EncoderKind: Sendable, Hashable {
    struct Setting: Sendable, Hashable {
        var name: String
        var value: String
        /// Elements of other versions may lack the property; it is then left out.
        var isOptional = false
    }

    /// Seconds from keyframe to keyframe.
    static let keyframeSeconds = 2.0

    /// The element's name ("x264enc").
    package var element: String
    /// The Debian package that brings it.
    package var package: String
    var settings: [Setting] = []

    /// Kinds that may be used, best first. Keyframes come by time (`prepare`), so the encoders' own limits are out of the
    /// way; no B pictures, so that each picture comes out when it went in.
    static let allowed: [EncoderKind] =
        [
            EncoderKind(
                element: "vah264enc", package: "gstreamer1.0-plugins-bad",
                settings: [.init("b-frames", "0", isOptional: true)]),
            EncoderKind(
                element: "vah264lpenc", package: "gstreamer1.0-plugins-bad",
                settings: [.init("b-frames", "0", isOptional: true)]),
            EncoderKind(
                element: "nvh264enc", package: "gstreamer1.0-plugins-bad",
                settings: [
                    .init("bframes", "0", isOptional: true), .init("zerolatency", "true", isOptional: true),
                    .init("gop-size", "600", isOptional: true),
                ]),
            EncoderKind(element: "v4l2h264enc", package: "gstreamer1.0-plugins-good"),
        ] + software

    /// Those that need no device.
    static let software: [EncoderKind] = [
        EncoderKind(
            element: "x264enc", package: "gstreamer1.0-plugins-ugly",
            settings: [
                .init("speed-preset", "superfast"), .init("tune", "zerolatency"), .init("threads", "1"),
                // Constant quality up to the bit rate: an idle picture costs little, and a busy one shows in the sizes.
                .init("pass", "qual"), .init("quantizer", "23"), .init("bitrate", "8000"),
                .init("vbv-buf-capacity", "1000"), .init("key-int-max", "6000"),
                .init("option-string", "scenecut=0"),
            ]),
        EncoderKind(
            element: "openh264enc", package: "gstreamer1.0-plugins-bad",
            settings: [
                .init("complexity", "low"), .init("bitrate", "4000000"), .init("gop-size", "6000"),
                .init("multi-thread", "1", isOptional: true), .init("scene-change-detection", "false"),
            ]),
    ]

    /// Raw pictures in, access units in an `appsink` named "units" out.
    func branch() throws(PipelineTemplateError) -> String {
        try PipelineTemplate.encode.filled(["encoder": element])
    }

    /// Sets the encoder of a `branch` up. `pictures` is the element at which a loss shows.
    func prepare(_ branch: borrowing Branch, pictures: String) throws(GStreamerError) {
        for setting in settings {
            do throws(GStreamerError) {
                try branch.set(setting.name, of: "encoder", to: .text(setting.value))
            } catch {
                if !setting.isOptional { throw error }
            }
        }
        try branch.makeKeyframes(in: "encoder", everySeconds: Self.keyframeSeconds, lossesAt: pictures)
    }

    /// As for a branch, where the pipeline holds it from the start.
    func prepare(_ pipeline: Pipeline, pictures: String) throws(GStreamerError) {
        for setting in settings {
            do throws(GStreamerError) {
                try pipeline.set(setting.name, of: "encoder", to: .text(setting.value))
            } catch {
                if !setting.isOptional { throw error }
            }
        }
        try pipeline.makeKeyframes(in: "encoder", everySeconds: Self.keyframeSeconds, lossesAt: pictures)
    }
}

extension EncoderKind.Setting {
    fileprivate init(_ name: String, _ value: String, isOptional: Bool = false) {
        self.init(name: name, value: value, isOptional: isOptional)
    }
}
