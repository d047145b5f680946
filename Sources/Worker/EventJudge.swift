import Domain

/// Judges the event that a job names: for the first time (`judge_event`), or for a re-analysis (`reanalyze_event`).
package struct EventJudge: Sendable {
    package static let kinds = [JobKind.judgeEvent, JobKind.judgeAgain]

    let store: any JudgingStore
    private let reanalyses: any ReanalysisStore
    private let meter: any AnalyzerMeter
    private let readMedia: @Sendable (String) async -> [UInt8]?
    let makeModel: @Sendable (Analyzer) async throws(JudgeError) -> any VisionModel
    let clock: any WallClock

    let testPicture: @Sendable () async -> [UInt8]
    let sampler: (any FrameSampler)?
    let recordings: (any RecordingStore)?

    /// `readMedia` gives the bytes of a path under the media folder, nil when it is not there; `testPicture` makes a JPEG to try
    /// an analyzer with, empty where it cannot. Without `sampler` (and `recordings`) only stored evidence can be shown.
    package init(
        store: any JudgingStore, reanalyses: any ReanalysisStore, meter: any AnalyzerMeter,
        readMedia: @escaping @Sendable (String) async -> [UInt8]?,
        makeModel: @escaping @Sendable (Analyzer) async throws(JudgeError) -> any VisionModel, clock: any WallClock,
        testPicture: @escaping @Sendable () async -> [UInt8] = { [] }, sampler: (any FrameSampler)? = nil,
        recordings: (any RecordingStore)? = nil
    ) {
        self.store = store
        self.reanalyses = reanalyses
        self.meter = meter
        self.readMedia = readMedia
        self.makeModel = makeModel
        self.clock = clock
        self.testPicture = testPicture
        self.sampler = sampler
        self.recordings = recordings
    }

    /// Of a paused re-analysis that a worker comes across; resuming makes its jobs available at once.
    private static let pausedSeconds = 3600.0

    /// Runs one job to its outcome.
    package func handle(_ job: Job) async -> JobOutcome {
        guard let payload = JudgePayload(job.payload) else {
            return .discard(error: "the job's payload names no event")
        }
        let task: JudgeTask
        do {
            if job.kind == JobKind.judgeAgain {
                guard let id = payload.reanalysis else {
                    return .discard(error: "the job's payload names no re-analysis")
                }
                switch try await reanalyses.task(for: payload.event, in: id, of: job.organization) {
                case .judge(let found): task = found
                case .wait: return .postpone(error: "the re-analysis is paused", afterSeconds: Self.pausedSeconds)
                case .over: return .discard(error: "the re-analysis has ended")
                }
            } else {
                task = try await store.task(
                    for: payload.event, as: payload.judgingChoice, of: job.organization)
            }
        } catch StoreError.notFound(let what) {
            return .discard(error: "not there any more: \(what)")
        } catch StoreError.conflict(let what) {
            return .discard(error: what)
        } catch {
            return .retry(error: "the event could not be read: \(error)", afterSeconds: nil)
        }
        do {
            return .succeeded(try await verdict(task, try await request(for: task), isBatch: job.priority >= .batch))
        } catch {
            switch error.outcome {
            case .retry(let afterSeconds): return .retry(error: error.detail, afterSeconds: afterSeconds)
            case .postpone(let seconds): return .postpone(error: error.detail, afterSeconds: seconds)
            case .discard: return .discard(error: error.detail)
            }
        }
    }

    /// What is shown to analyzers.
    func request(for task: JudgeTask) async throws(JudgeError) -> JudgeRequest {
        let record = task.event.record
        var pictures: [JudgeRequest.Picture] = []
        switch task.frames {
        case .sampled(let source, let count): pictures = try await sampled(source, count, of: task.event)
        case .evidence:
            for (index, evidence) in record.evidence.enumerated() {
                guard let jpeg = await readMedia(evidence.path) else { continue }
                pictures.append(
                    .init(
                        jpeg: jpeg, atSeconds: evidence.atSeconds, box: evidence.box,
                        name: "evidence \(index + 1), \(evidence.widthPixels) x \(evidence.heightPixels)"))
            }
        }
        guard !pictures.isEmpty else {
            throw JudgeError(.discard, "the event has no pictures that could be shown to an analyzer")
        }
        let references = task.definition.examples.enumerated().compactMap { index, example in
            task.references.first { $0.id == example.picture }.map {
                JudgeRequest.Reference(
                    jpeg: $0.jpeg, caption: example.caption,
                    name: "example \(index + 1), \($0.widthPixels) x \($0.heightPixels)")
            }
        }
        return JudgeRequest(
            cameraName: task.event.cameraName, triggeredAt: record.triggeredAt, definition: task.definition,
            pictures: pictures, references: references, zones: task.zones)
    }

    // MARK: Policies

    func verdict(
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
            analyzer: analyzer, judgement: judgement, createdAt: now, policy: mode, opinions: opinions, cost: cost,
            definition: task.definition.version == 0 ? nil : task.definition.id)
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

    func ask(
        _ analyzer: Analyzer, _ request: JudgeRequest, _ isBatch: Bool
    ) async throws(JudgeError) -> Judgement {
        var request = request
        if analyzer.kind != .embedded {
            request.gate = MeteredGate(meter: meter, analyzer: analyzer, isBatch: isBatch, clock: clock)
        }
        return try await makeModel(analyzer).judge(request)
    }
}
