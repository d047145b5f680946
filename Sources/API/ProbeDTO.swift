import Domain
import Foundation

/// The answer to a probe, of the API and of `vedette probe --json`.
package struct ProbeDTO: Encodable, Sendable {
    private struct ErrorDTO: Encodable, Sendable {
        var type: String
        var detail: String
        var since: String
    }
    private var ok: Bool
    @Nullable private var error: ErrorDTO? = nil
    @Nullable private var codec: String? = nil
    @Nullable private var sourceCodec: String? = nil
    @Nullable private var encoder: String? = nil
    @Nullable private var width: Int? = nil
    @Nullable private var height: Int? = nil
    @Nullable private var announcedFramesPerSecond: Double? = nil
    @Nullable private var framesPerSecond: Double? = nil
    @Nullable private var bitrateKbps: Double? = nil
    @Nullable private var keyframeIntervalSeconds: Double? = nil
    @Nullable private var hasAudio: Bool? = nil
    @Nullable private var decoder: String? = nil
    @Nullable private var measuredSeconds: Double? = nil
    @Nullable private var pictureJpegBase64: String?

    package init(_ result: Result<CameraFindings, SourceError>, at now: WallTime) {
        switch result {
        case .failure(let failure):
            ok = false
            error = ErrorDTO(type: failure.kind.rawValue, detail: failure.detail, since: now.rfc3339)
        case .success(let findings):
            func rounded(_ value: Double?, _ factor: Double) -> Double? {
                value.map { ($0 * factor).rounded() / factor }
            }
            ok = true
            codec = findings.codec.rawValue
            sourceCodec = findings.sourceCodec.rawValue
            encoder = findings.encoder
            width = findings.widthPixels
            height = findings.heightPixels
            announcedFramesPerSecond = rounded(findings.announcedFramesPerSecond, 10)
            framesPerSecond = rounded(findings.framesPerSecond, 10)
            bitrateKbps = rounded(findings.bitrateKbps, 1)
            keyframeIntervalSeconds = rounded(findings.keyframeIntervalSeconds, 1000)
            hasAudio = findings.hasAudio
            decoder = findings.decoder
            measuredSeconds = rounded(findings.measuredSeconds, 1000)
            pictureJpegBase64 = findings.picture.map { Data($0.jpeg).base64EncodedString() }
        }
    }

    /// One JSON object, as the API sends it.
    package func json() throws -> [UInt8] { try jsonBytes(self) }
}
