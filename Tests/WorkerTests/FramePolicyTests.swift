import CurlKit
import Domain
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing
import VisionModels

@testable import Worker

/// Gives a picture for each time, and notes what it was asked.
private final class NotingSampler: FrameSampler {
    let asked = Mutex<[(files: [SampledFile], times: [WallTime])]>([])

    func stills(of files: [SampledFile], at times: [WallTime]) async throws -> [SampledStill] {
        asked.withLock { $0.append((files, times)) }
        return times.enumerated().map { index, time in
            SampledStill(
                at: time, still: Still(jpeg: [0xff, 0xd8, UInt8(index)], widthPixels: 64, heightPixels: 48))
        }
    }
}

extension JudgingTests {
    @Test func `a re-analysis shows pictures sampled from the clip, evenly over the motion`() async throws {
        try await with([.good]) { site async throws in
            let event = try #require(try await addEvents(1, site).first)
            try await work(1, site) { try await site.store.jobs.counts()[.succeeded] == 1 }
            let sampler = NotingSampler()
            func judge(_ sampler: (any FrameSampler)?) -> EventJudge {
                EventJudge(
                    store: site.store.judging, reanalyses: site.store.reanalyses, meter: site.store.meter,
                    readMedia: { _ in [0xff, 0xd8, 0xff] },
                    makeModel: { (analyzer) async throws(JudgeError) in
                        try OpenAICompatibleModel(
                            analyzer, client: site.client, logger: Logger(label: "test"), now: { TestClock().now })
                    }, clock: TestClock(), sampler: sampler, recordings: site.store.recordings)
            }
            func run(_ frames: FramePolicy, _ judge: EventJudge) async throws -> JobOutcome {
                let (begun, _) = try await site.store.reanalyses.begin(
                    ReanalysisRequest(filter: EventQuery(), frames: frames), of: organization)
                #expect(begun.frames == frames)
                let lease = try #require(
                    try await site.store.jobs.claim(
                        kinds: EventJudge.kinds, limit: 1, owner: "test", leaseSeconds: 60
                    ).first)
                let outcome = await judge.handle(lease.job)
                try await site.store.reanalyses.cancel(begun.id, of: organization)
                return outcome
            }
            let before = site.server.requestCount
            guard case .succeeded = try await run(.sampled(.clip, count: 3), judge(sampler)) else {
                Issue.record("it was not judged")
                return
            }
            let record = try await site.store.events.event(event, of: organization).record
            let asked = sampler.asked.withLock { $0 }
            #expect(asked.map(\.files) == [[SampledFile(path: record.clip.path, startsAt: record.clip.startsAt)]])
            let seconds = asked.first?.times.map { ($0.seconds(since: record.startedAt) * 1000).rounded() / 1000 }
            #expect(seconds == [0.833, 2.5, 4.167], "five seconds of motion")
            #expect(site.server.requestCount == before + 1)
            let body = try #require(site.server.requests.last).text
            for index in 0..<3 {
                #expect(body.contains(Data([0xff, 0xd8, UInt8(index)]).base64EncodedString()))
            }
            // Nothing was recorded then, and a worker without decoders cannot sample: clear ends, nothing is asked.
            for (frames, judge, word) in [
                (FramePolicy.sampled(.recording, count: 3), judge(sampler), "no recording"),
                (.sampled(.clip, count: 2), judge(nil), "cannot decode"),
            ] {
                guard case .discard(let error) = try await run(frames, judge) else {
                    Issue.record("\(frames) was judged")
                    continue
                }
                #expect(error.contains(word))
            }
            #expect(site.server.requestCount == before + 1)
        }
    }
}
