/// A pipeline description of this folder, and the only way to fill it in.
package struct PipelineTemplate: Sendable {
    /// File name without its ending, for errors.
    package let name: String
    /// The text without comments, on one line.
    package let text: String

    init(_ name: String, _ bytes: [UInt8]) {
        self.name = name
        text =
            String(decoding: bytes, as: UTF8.self)
            .split(separator: "\n")
            .map { line in line.trimmingPrefix { $0 == " " } }
            .filter { !$0.hasPrefix("#") }
            .joined(separator: " ")
    }

    /// The description with each `{name}` replaced. Values are words of letters, digits and `_ . + - /`, so that none can
    /// add an element or a property; what a user wrote (an address, a path) is set as a property instead.
    package func filled(_ values: [String: String] = [:]) throws(PipelineTemplateError) -> String {
        var result = ""
        var rest = text[...]
        var used: Set<String> = []
        while let open = rest.firstIndex(of: "{") {
            guard let close = rest[open...].firstIndex(of: "}") else {
                throw PipelineTemplateError("\(name).gst: a placeholder is not closed")
            }
            let key = String(rest[rest.index(after: open)..<close])
            // GStreamer's own braces hold lists of formats: "{I420,NV12}".
            guard key.utf8.allSatisfy({ ($0 >= 97 && $0 <= 122) || $0 == UInt8(ascii: "_") }) else {
                result += rest[...close]
                rest = rest[rest.index(after: close)...]
                continue
            }
            guard let value = values[key] else {
                throw PipelineTemplateError("\(name).gst: there is no value for {\(key)}")
            }
            guard Self.isPlainWord(value) else {
                throw PipelineTemplateError("\(name).gst: the value for {\(key)} is not a plain word")
            }
            used.insert(key)
            result += rest[..<open] + value
            rest = rest[rest.index(after: close)...]
        }
        if let unknown = values.keys.filter({ !used.contains($0) }).min() {
            throw PipelineTemplateError("\(name).gst: there is no {\(unknown)}")
        }
        return result + rest
    }

    private static func isPlainWord(_ value: String) -> Bool {
        !value.isEmpty
            && value.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "_.+-/".utf8.contains(byte)
                }
            }
    }
}

/// A template and its values do not fit; a mistake in this program, never in what a user wrote.
package struct PipelineTemplateError: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

extension PipelineTemplate {
    /// The connection to an RTSP camera; its branches are added when the camera has said what it sends.
    package static let rtsp = Self("rtsp", PackageResources.rtsp_gst)
    /// Branch for H.264 over RTP.
    package static let rtspH264 = Self("rtsp-h264", PackageResources.rtsp_h264_gst)
    /// Branch for H.265 over RTP.
    package static let rtspH265 = Self("rtsp-h265", PackageResources.rtsp_h265_gst)
    /// Branch for JPEG over RTP, up to raw pictures.
    package static let rtspJPEG = Self("rtsp-jpeg", PackageResources.rtsp_jpeg_gst)
    /// Raw pictures in, H.264 access units out.
    package static let encode = Self("encode", PackageResources.encode_gst)
    /// Generated pictures, to try encoders on.
    package static let encodeTrial = Self("encode-trial", PackageResources.encode_trial_gst)
    /// A camera of this machine, up to what it gives.
    package static let v4l2 = Self("v4l2", PackageResources.v4l2_gst)
    /// H.264 of a device to access units.
    package static let v4l2H264 = Self("v4l2-h264", PackageResources.v4l2_h264_gst)
    /// H.265 of a device to access units.
    package static let v4l2H265 = Self("v4l2-h265", PackageResources.v4l2_h265_gst)
    /// JPEG pictures of a device to raw ones.
    package static let v4l2JPEG = Self("v4l2-mjpeg", PackageResources.v4l2_mjpeg_gst)
    /// Branch for AAC over RTP.
    package static let rtspAAC = Self("rtsp-aac", PackageResources.rtsp_aac_gst)
    /// Branch for G.711 over RTP.
    package static let rtspG711 = Self("rtsp-g711", PackageResources.rtsp_g711_gst)
    /// Branch for Opus over RTP.
    package static let rtspOpus = Self("rtsp-opus", PackageResources.rtsp_opus_gst)
    /// A file's video as access units.
    package static let file = Self("file", PackageResources.file_gst)
    /// Access units in, frames out.
    package static let decode = Self("decode", PackageResources.decode_gst)
    /// As `decode`, for decoders of the machine's hardware.
    package static let decodeHardware = Self("decode-hardware", PackageResources.decode_hardware_gst)
    /// Access units in, pictures for a live view out.
    package static let live = Self("live", PackageResources.live_gst)
    /// Units of sound in, samples out.
    package static let decodeSound = Self("decode-sound", PackageResources.decode_sound_gst)
    /// The trial stream in, frames out.
    package static let trial = Self("trial", PackageResources.trial_gst)
    /// Video in, a fragmented MP4 that becomes an ordinary one at its end.
    package static let clip = Self("clip", PackageResources.clip_gst)
    /// As `clip`, with sound.
    package static let clipWithAudio = Self("clip-audio", PackageResources.clip_audio_gst)
}

/// A stream to try decoders on: six pictures of 320x240 that show colour bars.
package enum TrialStream {
    /// As NAL units with start codes.
    package static let h264 = PackageResources.trial_h264
    /// As NAL units with start codes.
    package static let h265 = PackageResources.trial_h265
}
