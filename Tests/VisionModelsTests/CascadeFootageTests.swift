import Domain
import Foundation
import TestSupport
import Testing

/// Which events of the shared footage a cascade asks its second analyzer about; skipped where the footage is absent.
@Suite(
    .enabled(if: SharedFolder.hasMedia && SharedFolder.hasWeights, "needs the shared footage and weights"),
    .serialized, .ownThread)
struct CascadeFootageTests {
    @Test(.timeLimit(.minutes(30)))
    func `no event with a person or a vehicle is settled as normal without the second analyzer`() async throws {
        var counts: [String: (events: Int, asked: Int)] = [:]
        let all = EmbeddedFootageTests.cases(truth: true) { _ in true } + EmbeddedFootageTests.rest
        #expect(!all.isEmpty)
        for one in all {
            let (judgement, interval) = try await EmbeddedFootageTests.judge(one, phase: EmbeddedFootageTests.phases[0])
            let isAsked = PolicyRules.needsSecond(after: judgement)
            let label = one.isTruth ? interval.label ?? "other" : "nothing"
            counts[label, default: (0, 0)].events += 1
            counts[label, default: (0, 0)].asked += isAsked ? 1 : 0
            if label == "person" || label == "vehicle" {
                #expect(isAsked, "\(one.testDescription): \(judgement.reason)")
            }
        }
        let (events, asked) = counts.values.reduce((0, 0)) { ($0.0 + $1.events, $0.1 + $1.asked) }
        print("cascade: the second analyzer is asked about \(asked) of \(events) events")
        for (label, count) in counts.sorted(by: { $0.key < $1.key }) {
            print("cascade: \(label): \(count.asked) of \(count.events)")
        }
        // Else the first analyzer would be of no use.
        #expect(asked < events)
    }
}
