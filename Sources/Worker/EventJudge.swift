import Domain
import FoundationEssentials

/// Judges the event that a `judge_event` job names.
package struct EventJudge: Sendable {
    package static let jobKind = "judge_event"

    private let store: any JudgingStore
    private let readMedia: @Sendable (String) async -> [UInt8]?
    private let makeModel: @Sendable (Analyzer) async throws(JudgeError) -> any VisionModel
    private let clock: any WallClock

    /// `readMedia` gives the bytes of a path under the media folder, nil when it is not there.
    package init(
        store: any JudgingStore, readMedia: @escaping @Sendable (String) async -> [UInt8]?,
        makeModel: @escaping @Sendable (Analyzer) async throws(JudgeError) -> any VisionModel, clock: any WallClock
    ) {
        self.store = store
        self.readMedia = readMedia
        self.makeModel = makeModel
        self.clock = clock
    }

    private struct Payload: Decodable { var event_id: Identifier<Event> }

    /// Runs one job to its outcome.
    package func handle(_ job: Job) async -> JobOutcome {
        guard let payload = try? JSONDecoder().decode(Payload.self, from: Data(job.payload.utf8)) else {
            return .discard(error: "the job's payload names no event")
        }
        let task: JudgeTask
        do {
            task = try await store.task(for: payload.event_id, of: job.organization)
        } catch StoreError.notFound(let what) {
            return .discard(error: "not there any more: \(what)")
        } catch {
            return .retry(error: "the event could not be read: \(error)", afterSeconds: nil)
        }
        guard let analyzer = task.analyzers.first else {
            return .discard(error: "the policy names no analyzer")
        }
        let record = task.event.record
        var pictures: [JudgeRequest.Picture] = []
        for evidence in record.evidence {
            guard let jpeg = await readMedia(evidence.path) else { continue }
            pictures.append(.init(jpeg: jpeg, atSeconds: evidence.atSeconds, box: evidence.box))
        }
        guard !pictures.isEmpty else {
            return .discard(error: "the event has no evidence pictures that could be shown to an analyzer")
        }
        do {
            let model = try await makeModel(analyzer)
            let judgement = try await model.judge(
                JudgeRequest(
                    cameraName: task.event.cameraName, triggeredAt: record.triggeredAt, definition: task.definition,
                    pictures: pictures))
            let now = clock.now
            return .succeeded(
                Verdict(
                    id: .make(at: now), event: record.id, definitionVersion: task.definition.version,
                    analyzer: analyzer.name, judgement: judgement, createdAt: now))
        } catch {
            switch error.outcome {
            case .retry(let afterSeconds): return .retry(error: error.detail, afterSeconds: afterSeconds)
            case .discard: return .discard(error: error.detail)
            }
        }
    }
}
