import Domain
import GStreamerKit
import Synchronization
import Testing

@testable import Ingest

/// A machine as a test describes it.
private final class Machine: DecoderMachine {
    let plugins: Set<String>
    let elements: Set<String>
    let devices: Set<DecoderFamily>
    let broken: [String: String]
    let tried = Mutex<[String]>([])

    init(
        plugins: Set<String> = ["va", "nvcodec", "v4l2codecs", "libav"], elements: Set<String>,
        devices: Set<DecoderFamily> = Set(DecoderFamily.allCases), broken: [String: String] = [:]
    ) {
        self.plugins = plugins
        self.elements = elements
        self.devices = devices
        self.broken = broken
    }

    func hasPlugin(_ name: String) -> Bool { plugins.contains(name) }
    func hasElement(_ name: String) -> Bool { elements.contains(name) }
    func hasDevice(for family: DecoderFamily) -> Bool { devices.contains(family) }
    func tryOut(_ kind: DecoderKind, for codec: VideoCodec) async -> String? {
        tried.withLock { $0.append(kind.element) }
        return broken[kind.element]
    }
}

@Suite(.timeLimit(.minutes(10)))
struct DecoderCatalogueTests {
    private static let everything: Set<String> = [
        "vah264dec", "vah265dec", "nvh264dec", "nvh265dec", "v4l2slh264dec", "v4l2slh265dec", "avdec_h264",
        "avdec_h265",
    ]

    private func names(_ catalogue: DecoderCatalogue, _ codec: VideoCodec = .h264) -> [String] {
        catalogue.usable(for: codec).map(\.element)
    }

    @Test(arguments: [
        (DecoderPreference.auto, ["vah264dec", "nvh264dec", "v4l2slh264dec", "avdec_h264"]),
        (.vaapi, ["vah264dec", "avdec_h264"]), (.nvdec, ["nvh264dec", "avdec_h264"]),
        (.v4l2, ["v4l2slh264dec", "avdec_h264"]), (.software, ["avdec_h264"]),
    ])
    func `the setting says which families come before software`(
        preference: DecoderPreference, expected: [String]
    ) async {
        let catalogue = await DecoderCatalogue.survey(preference, of: Machine(elements: Self.everything))
        #expect(names(catalogue) == expected)
        #expect(names(catalogue, .h265) == expected.map { $0.replacing("264", with: "265") })
    }

    @Test func `what is passed over says why, and only what is there is tried`() async throws {
        let machine = Machine(
            plugins: ["va", "nvcodec", "libav"], elements: ["vah264dec", "avdec_h264", "avdec_h265"],
            devices: [.vaapi, .software], broken: ["vah264dec": "the picture is wrong"])
        let catalogue = await DecoderCatalogue.survey(.auto, of: machine)
        func outcome(_ element: String) throws -> DecoderFinding.Outcome {
            try #require(catalogue.findings.first { $0.kind.element == element }).outcome
        }
        #expect(try outcome("vah264dec") == .failed("the picture is wrong"))
        #expect(try outcome("vah265dec") == .notOffered)
        #expect(try outcome("nvh264dec") == .noDevice)
        #expect(try outcome("v4l2slh264dec") == .noPlugin)
        #expect(names(catalogue) == ["avdec_h264"] && names(catalogue, .h265) == ["avdec_h265"])
        #expect(machine.tried.withLock { $0 } == ["vah264dec", "avdec_h264", "avdec_h265"])
        #expect(catalogue.findings.allSatisfy { ($0.reason == nil) == ($0.outcome == .usable) })
        let reason = try #require(catalogue.findings.first { $0.kind.element == "v4l2slh264dec" }?.reason)
        #expect(reason.contains("gstreamer1.0-plugins-bad"))
    }

    @Test func `a machine without any decoder says what was wrong with each`() async {
        let catalogue = await DecoderCatalogue.survey(
            .software, of: Machine(elements: ["avdec_h264"], broken: ["avdec_h264": "it crashed"]))
        let error = catalogue.absence(of: .h264)
        #expect(error.detail.contains("avdec_h264: It does not decode: it crashed"))
        #expect(!error.detail.contains("vah264dec"))
    }

    @Test(arguments: VideoCodec.allCases)
    func `the trial passes with the software decoder and fails with what decodes something else`(
        codec: VideoCodec
    ) async throws {
        let machine = InstalledDecoders()
        let software = try #require(DecoderKind.allowed(for: codec).last)
        #expect(machine.hasPlugin("libav") && machine.hasElement(software.element))
        #expect(await machine.tryOut(software, for: codec) == nil)
        // An encoded stream is no picture.
        let identity = DecoderKind(element: "identity", family: .software)
        #expect(await machine.tryOut(identity, for: codec) != nil)
        let absent = DecoderKind(element: "nosuchdec", family: .software)
        #expect(try #require(await machine.tryOut(absent, for: codec)).contains("nosuchdec"))
    }

    @Test func `the trial notices pictures of the wrong brightness`() async throws {
        let kind = DecoderKind(element: "avdec_h264", family: .software, settings: [])
        #expect(await DecoderTrial(kind: kind, codec: .h264, brightness: 128).run()?.contains("wrong") == true)
    }

    @Test func `the real survey finds software on this machine`() async {
        let catalogue = await DecoderCatalogue.survey(.auto)
        #expect(names(catalogue).last == "avdec_h264" && names(catalogue, .h265).last == "avdec_h265")
        #expect(catalogue.findings.count == 8)
    }

    @Test func `properties that an element lacks stop only where they are needed`() throws {
        let pipeline = try Pipeline("identity name=decoder ! fakesink")
        var kind = DecoderKind(
            element: "identity", family: .vaapi,
            settings: [.init(name: "compliance", value: "normal", isOptional: true)])
        try kind.apply(to: pipeline)
        kind.settings[0].isOptional = false
        #expect(throws: GStreamerError.self) { try kind.apply(to: pipeline) }
    }
}
