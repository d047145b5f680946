import Domain
import GStreamerKit

/// The format of a track that was read from a file, as GStreamer names it.
final class ClipFormat: OpaqueFormat {
    let caps: Caps

    init(_ format: MP4Track.Format) throws(ClipError) {
        let text =
            switch format {
            case .video(let codec, let width, let height, let configuration):
                (codec == .h264 ? "video/x-h264,stream-format=avc" : "video/x-h265,stream-format=hvc1")
                    + ",alignment=au,width=\(width),height=\(height),codec_data=(buffer)\(Self.hexadecimal(configuration))"
            case .aac(let rate, let channels, let configuration):
                "audio/mpeg,mpegversion=4,stream-format=raw,framed=true,rate=\(rate),channels=\(channels)"
                    + ",codec_data=(buffer)\(Self.hexadecimal(configuration))"
            case .g711(let law, let rate, let channels):
                "audio/x-\(law.rawValue),rate=\(rate),channels=\(channels)"
            case .opus(let channels): Self.opus(channels: channels)
            }
        do {
            caps = try Caps(text)
        } catch {
            throw ClipError("a track's format makes no sense: \(error)")
        }
    }

    /// Opus in the middle of a stream: nothing to leave out at its beginning.
    static func opus(channels: Int) -> String {
        "audio/x-opus,rate=48000,channels=\(channels),channel-mapping-family=0"
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
