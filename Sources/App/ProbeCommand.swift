import API
import Domain
import Foundation
import Glibc
import Ingest
import Motion

/// `vedette probe`: what a camera sends, without adding it.
package enum ProbeCommand {
    /// Prints what was found; returns whether the camera can be watched. `address` "-" is read from standard input, so that
    /// a password need not stand in the list of processes.
    package static func run(
        address: String, transport: String, certificate: String, seconds: Double, decoder: String, picture: String?,
        json: Bool
    ) async throws -> Bool {
        let url = address == "-" ? readLine(strippingNewline: true) ?? "" : address
        if let problem = CameraRules.problem(url: url) { throw StartError("the address \(problem)") }
        guard let transport = SourceLocation.Transport(rawValue: transport) else {
            throw StartError("--transport must be tcp or udp")
        }
        guard let trust = CertificateTrust(certificate) else {
            throw StartError("--certificate \(CertificateTrust.rule)")
        }
        guard let preference = DecoderPreference(rawValue: decoder) else {
            throw StartError(
                "--decoder must be one of \(DecoderPreference.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let probe = CameraProbe(
            sources: CameraOpener(
                clock: SystemClock(), encoders: EncoderChoice(await EncoderCatalogue.survey().usable)),
            decoders: GStreamerDecoderOpener(await DecoderCatalogue.survey(preference)), stills: JPEGStillEncoder(),
            pictureSidePixels: 4096)
        let location = SourceLocation(url: url, transport: transport, timeoutSeconds: seconds, certificate: trust)
        let result: Result<CameraFindings, SourceError>
        do throws(SourceError) {
            result = .success(try await probe.probe(location))
        } catch {
            result = .failure(error)
        }
        if let picture, case .success(let findings) = result {
            guard let still = findings.picture else { throw StartError("no picture could be decoded in time") }
            try Data(still.jpeg).write(to: URL(fileURLWithPath: picture))
        }
        print(json ? String(decoding: try ProbeDTO(result, at: SystemClock().now).json(), as: UTF8.self) : text(result))
        if !json, DeviceAddress.isMeant(by: url) { print(devices()) }
        if case .failure = result { return false }
        return true
    }

    private static func codec(_ findings: CameraFindings) -> String {
        guard findings.sourceCodec.isEncodedHere else { return findings.codec.rawValue }
        return "\(findings.sourceCodec.rawValue), recorded as \(findings.codec.rawValue) (encoded by "
            + "\(findings.encoder ?? "no encoder"))"
    }

    /// The cameras of this machine and what they offer.
    private static func devices() -> String {
        let all = CaptureListing.all()
        guard !all.isEmpty else { return "This machine has no camera that this user may open." }
        return all.map { "\($0.path)  \($0.name)\n" + $0.modes.map { "    " + $0 }.joined(separator: "\n") }
            .joined(separator: "\n")
    }

    private static func text(_ result: Result<CameraFindings, SourceError>) -> String {
        switch result {
        case .failure(let error): return "\(error.kind.rawValue): \(error.detail)"
        case .success(let findings):
            func number(_ value: Double?, _ unit: String) -> String {
                value.map { String(format: "%.1f ", $0) + unit } ?? "unknown"
            }
            return """
                codec              \(codec(findings))
                size               \(findings.widthPixels)x\(findings.heightPixels)
                frame rate         \(number(findings.framesPerSecond, "a second")) \
                (announced: \(number(findings.announcedFramesPerSecond, "a second")))
                bit rate           \(number(findings.bitrateKbps, "kbit/s"))
                keyframe interval  \(number(findings.keyframeIntervalSeconds, "s"))
                sound              \(findings.hasAudio ? "AAC" : "none that can be recorded")
                decoder            \(findings.decoder ?? "none gave a picture in time")
                measured over      \(number(findings.measuredSeconds, "s"))
                """
        }
    }
}
