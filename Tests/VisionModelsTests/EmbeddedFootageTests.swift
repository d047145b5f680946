import Domain
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Detection

/// The embedded analyzer on the shared footage; skipped where that is absent.
@Suite(
    .enabled(if: SharedFolder.hasMedia && SharedFolder.hasWeights, "needs the shared footage and weights"),
    .serialized, .ownThread)
struct EmbeddedFootageTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var clip: Int
        var interval: Int
        var isTruth: Bool
        var testDescription: String
    }

    static func cases(truth: Bool, _ isWanted: (Footage.Interval) -> Bool) -> [Case] {
        guard SharedFolder.hasMedia, let footage = try? Footage.load() else { return [] }
        return footage.clips.enumerated().flatMap { number, clip in
            (truth ? clip.truth : clip.idle).enumerated().filter { isWanted($0.element) }.map { index, interval in
                Case(
                    clip: number, interval: index, isTruth: truth,
                    testDescription: "\(clip.file) \(interval.start)–\(interval.end) s \(interval.label ?? "idle")")
            }
        }
    }

    static let truths = cases(truth: true) { $0.label == "person" || $0.label == "vehicle" }
    static let rest = cases(truth: false) { $0.end - $0.start > 1 }

    /// Where in each interval the first of the four pictures lies; more are tried with `VEDETTE_PHASES=0.08,0.15,…`.
    static let phases: [Double] =
        ProcessInfo.processInfo.environment["VEDETTE_PHASES"]?.split(separator: ",")
        .compactMap { Double($0) } ?? [0.15]

    private static let analyzer = Mutex<EmbeddedAnalyzer?>(nil)

    static func sharedAnalyzer() throws -> EmbeddedAnalyzer {
        try analyzer.withLock { analyzer in
            if let analyzer { return analyzer }
            let made = try EmbeddedAnalyzer(
                modelFolders: [(SharedFolder.path ?? "") + "/models"], logger: Logger(label: "test"))
            analyzer = made
            return made
        }
    }

    static func judge(_ one: Case, phase: Double) async throws -> (Judgement, Footage.Interval) {
        let clip = try Footage.load().clips[one.clip]
        let interval = one.isTruth ? clip.truth[one.interval] : clip.idle[one.interval]
        let pictures = Footage.evidence(clip, interval, phase: phase)
        try #require(pictures.count == 4)
        let judgement = try await sharedAnalyzer().judge(request(pictures, labels: ["person", "vehicle", "animal"]))
        print(
            "embedded \(one.testDescription) phase \(phase), boxes \(pictures.count { $0.box != nil }): "
                + "\(judgement.state) \(judgement.labels) “\(judgement.summary)” \(judgement.reason) "
                + "in \(Int(judgement.latencySeconds * 1000)) ms")
        return (judgement, interval)
    }

    static func request(_ pictures: [JudgeRequest.Picture], labels: [String]) -> JudgeRequest {
        let time = WallTime(secondsSinceEpoch: 1_777_777_777)
        return JudgeRequest(
            cameraName: "gate", triggeredAt: time,
            definition: DefinitionVersion(
                id: .make(at: time), definition: .make(at: time), version: 1, normal: "Nothing moves.",
                labels: labels),
            pictures: pictures)
    }

    @Test(arguments: truths)
    func `the verdict names what the truth says`(one: Case) async throws {
        for phase in Self.phases {
            let (judgement, interval) = try await Self.judge(one, phase: phase)
            #expect(judgement.labels.contains(try #require(interval.label)), "\(judgement.reason)")
            #expect(judgement.state == .abnormal)
        }
    }

    @Test(arguments: rest)
    func `an idle stretch is not taken for a person or a vehicle`(one: Case) async throws {
        for phase in Self.phases {
            let (judgement, _) = try await Self.judge(one, phase: phase)
            #expect(judgement.labels.isEmpty, "\(judgement.reason)")
        }
    }
}
