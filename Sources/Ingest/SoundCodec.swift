import Domain
import Pipelines

extension AudioCodec {
    /// From the name that a camera's description gives its RTP payload, in capitals; nil for others.
    init?(encoding: String) {
        switch encoding {
        case "MPEG4-GENERIC": self = .aac  // RFC 3640
        case "PCMA": self = .pcma  // RFC 3551 §4.5.14
        case "PCMU": self = .pcmu
        case "OPUS": self = .opus  // RFC 7587
        default: return nil
        }
    }

    /// The branch that takes it out of RTP.
    func branch() throws(PipelineTemplateError) -> String {
        switch self {
        case .aac: try PipelineTemplate.rtspAAC.filled()
        case .pcma: try PipelineTemplate.rtspG711.filled(["depayloader": "rtppcmadepay", "law": "alaw"])
        case .pcmu: try PipelineTemplate.rtspG711.filled(["depayloader": "rtppcmudepay", "law": "mulaw"])
        case .opus: try PipelineTemplate.rtspOpus.filled()
        }
    }

    /// What to tell about sound of another kind.
    static func remark(leavingOut encoding: String) -> String {
        "The camera's sound is \(encoding), which a clip cannot hold, so it is left out; choose AAC, G.711 or Opus in the "
            + "camera."
    }
}
