import Domain
import Testing

@testable import Ingest

@Suite(.timeLimit(.minutes(10)))
struct DecoderOpenerTests {
    /// "identity" is an element that opens and then cannot decode; "nosuchdec" does not even open.
    private func catalogue(first element: String) throws -> DecoderCatalogue {
        let software = try #require(DecoderKind.allowed(for: .h264).last)
        return DecoderCatalogue(findings: [
            DecoderFinding(codec: .h264, kind: DecoderKind(element: element, family: .software), outcome: .usable),
            DecoderFinding(codec: .h264, kind: software, outcome: .usable),
        ])
    }

    @Test func `a decoder that does not open is passed over, for this camera only`() async throws {
        try await Camera.withFootage(frames: 10) { path in
            let footage = try await FootageFile(path: path)
            let all = GStreamerDecoderOpener(try catalogue(first: "nosuchdec"))
            let gate = all.forOneCamera()
            let decoder = try gate.open(footage.stream) {}
            #expect(decoder.name == "avdec_h264")
            #expect(try #require(gate.fallback).hasPrefix("nosuchdec: "))
            #expect(all.forOneCamera().fallback == nil)
            #expect(!gate.replaces(decoder, of: .h264, after: SourceError(.corrupt, "x")))
            await decoder.close()
        }
    }

    @Test func `a decoder that fails on the stream is replaced by the next, and looks use software`() async throws {
        try await Camera.withFootage(frames: 10) { path in
            let footage = try await FootageFile(path: path)
            let opener = GStreamerDecoderOpener(try catalogue(first: "identity"))
            let look = try opener.openForOnePicture(footage.stream) {}
            #expect(look.name == "libavcodec")
            await look.close()
            let wakes = Wakes()
            let broken = try opener.open(footage.stream, wake: wakes.wake)
            #expect(broken.name == "identity")
            for unit in footage.units { broken.decode(unit) }
            for await _ in wakes.stream {
                #expect(broken.drain().isEmpty)
                if broken.failure != nil { break }
            }
            #expect(opener.replaces(broken, of: .h264, after: try #require(broken.failure)))
            await broken.close()
            #expect(try #require(opener.fallback).hasPrefix("identity: "))
            let next = try opener.open(footage.stream) {}
            #expect(next.name == "avdec_h264")
            await next.close()
        }
    }
}
