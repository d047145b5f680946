import Domain
import FoundationEssentials

/// Judges the event that a job names: for the first time (`judge_event`), or for a re-analysis (`reanalyze_event`).
package struct EventJudge: Sendable {
    package static let jobKind = "judge_event"
    package static let againKind = "reanalyze_event"
    package static let kinds = [jobKind, againKind]

    private let store: any JudgingStore
    private let reanalyses: any ReanalysisStore
    private let meter: any AnalyzerMeter
    private let readMedia: @Sendable (String) async -> [UInt8]?
    private let makeModel: @Sendable (Analyzer) async throws(JudgeError) -> any VisionModel
    private let clock: any WallClock

    /// `readMedia` gives the bytes of a path under the media folder, nil when it is not there.
    package init(
        store: any JudgingStore, reanalyses: any ReanalysisStore, meter: any AnalyzerMeter,
        readMedia: @escaping @Sendable (String) async -> [UInt8]?,
        makeModel: @escaping @Sendable (Analyzer) async throws(JudgeError) -> any VisionModel, clock: any WallClock
    ) {
        self.store = store
        self.reanalyses = reanalyses
        self.meter = meter
        self.readMedia = readMedia
        self.makeModel = makeModel
        self.clock = clock
    }

    private struct Payload: Decodable {
        var event_id: Identifier<Event>
        var reanalysis_id: Identifier<Reanalysis>?
    }

    /// Of a paused re-analysis that a worker comes across; resuming makes its jobs available at once.
    private static let pausedSeconds = 3600.0

    /// Runs one job to its outcome.
    package func handle(_ job: Job) async -> JobOutcome {
        guard let payload = try? JSONDecoder().decode(Payload.self, from: Data(job.payload.utf8)) else {
            return .discard(error: "the job's payload names no event")
        }
        let task: JudgeTask
        do {
            if job.kind == Self.againKind {
                guard let id = payload.reanalysis_id else {
                    return .discard(error: "the job's payload names no re-analysis")
                }
                switch try await reanalyses.task(for: payload.event_id, in: id, of: job.organization) {
                case .judge(let found): task = found
                case .wait: return .postpone(error: "the re-analysis is paused", afterSeconds: Self.pausedSeconds)
                case .over: return .discard(error: "the re-analysis has ended")
                }
            } else {
                task = try await store.task(for: payload.event_id, of: job.organization)
            }
        } catch StoreError.notFound(let what) {
            return .discard(error: "not there any more: \(what)")
        } catch {
            return .retry(error: "the event could not be read: \(error)", afterSeconds: nil)
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
            let request = JudgeRequest(
                cameraName: task.event.cameraName, triggeredAt: record.triggeredAt, definition: task.definition,
                pictures: pictures, zones: task.zones)
            return .succeeded(try await verdict(task, request, isBatch: job.priority >= .batch))
        } catch {
            switch error.outcome {
            case .retry(let afterSeconds): return .retry(error: error.detail, afterSeconds: afterSeconds)
            case .postpone(let seconds): return .postpone(error: error.detail, afterSeconds: seconds)
            case .discard: return .discard(error: error.detail)
            }
        }
    }

    // MARK: Policies

    private func verdict(
        _ task: JudgeTask, _ request: JudgeRequest, isBatch: Bool
    ) async throws(JudgeError) -> Verdict {
        let mode = task.policy.mode
        guard task.analyzers.count == mode.analyzerCount, let first = task.analyzers.first,
            let last = task.analyzers.last
        else {
            throw JudgeError(
                .discard, "policy \(mode.rawValue) takes \(mode.analyzerCount) analyzers, not \(task.analyzers.count)")
        }
        var opinions: [AnalyzerOpinion]
        switch mode {
        case .single:
            opinions = [AnalyzerOpinion(analyzer: first.name, judgement: try await ask(first, request, isBatch))]
        case .consensus:
            async let one = opinion(first, request, isBatch)
            async let two = opinion(last, request, isBatch)
            let answers = await (one, two)
            opinions = [try answers.0.get(), try answers.1.get()]
        case .cascade:
            let cheap = try await ask(first, request, isBatch)
            opinions = [AnalyzerOpinion(analyzer: first.name, judgement: cheap)]
            if PolicyRules.needsSecond(after: cheap) {
                opinions.append(try await opinion(last, request, isBatch).get())
            }
        }
        guard let (analyzer, judgement) = PolicyRules.combine(mode, opinions) else {
            let reasons = opinions.compactMap(\.error)
            throw JudgeError(.discard, reasons.isEmpty ? "no analyzer judged" : reasons.joined(separator: "; "))
        }
        let cost = opinions.reduce(0.0) { sum, opinion in
            let budget = task.analyzers.first { $0.name == opinion.analyzer }?.budget ?? AnalyzerBudget()
            return sum
                + budget.cost(
                    promptTokens: opinion.judgement?.promptTokens,
                    completionTokens: opinion.judgement?.completionTokens)
        }
        let now = clock.now
        return Verdict(
            id: .make(at: now), event: task.event.record.id, definitionVersion: task.definition.version,
            analyzer: analyzer, judgement: judgement, createdAt: now, policy: mode, opinions: opinions, cost: cost)
    }

    /// An opinion, or that there can be none: what can be tried again is an error.
    private func opinion(
        _ analyzer: Analyzer, _ request: JudgeRequest, _ isBatch: Bool
    ) async -> Result<AnalyzerOpinion, JudgeError> {
        do {
            return .success(
                AnalyzerOpinion(analyzer: analyzer.name, judgement: try await ask(analyzer, request, isBatch)))
        } catch {
            guard case .discard = error.outcome else { return .failure(error) }
            return .success(AnalyzerOpinion(analyzer: analyzer.name, judgement: nil, error: error.detail))
        }
    }

    private func ask(
        _ analyzer: Analyzer, _ request: JudgeRequest, _ isBatch: Bool
    ) async throws(JudgeError) -> Judgement {
        var request = request
        if analyzer.kind != .embedded {
            request.gate = MeteredGate(meter: meter, analyzer: analyzer, isBatch: isBatch, clock: clock)
        }
        return try await makeModel(analyzer).judge(request)
    }
}
