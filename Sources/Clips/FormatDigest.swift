import Domain

internal import Crypto

/// A short name for the format of a track: of two files that have the same one, the samples can be joined.
enum FormatDigest {
    static func text(of format: MP4Track.Format) -> String {
        var hash = SHA256()
        switch format {
        case .video(let codec, let width, let height, let configuration):
            hash.update(data: Array("\(codec.rawValue) \(width)x\(height) ".utf8))
            hash.update(data: configuration)
        default:
            hash.update(data: Array(String(describing: format).utf8))
        }
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: hash.finalize().prefix(16).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self)
    }

    /// Of the tracks of a finished file. Blocks.
    static func ofFile(_ path: String) throws(ClipError) -> (video: String?, audio: String?) {
        let reader = try MP4Reader(path)
        return (reader.map { text(of: $0.video.format) }, reader?.audio.map { text(of: $0.format) })
    }
}
