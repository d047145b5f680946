import Domain

/// Judging that stores nothing, for people who wait for the answer.
extension EventJudge: TrialJudge {
    package func judge(
        _ event: Identifier<Event>, as choice: JudgingChoice, of organization: Identifier<Organization>
    ) async throws -> Verdict {
        let task = try await store.task(for: event, as: choice, of: organization)
        return try await verdict(task, try await request(for: task), isBatch: false)
    }

    package func preview(
        _ event: Identifier<Event>, as choice: JudgingChoice, of organization: Identifier<Organization>
    ) async throws -> [AnalyzerPreview] {
        let task = try await store.task(for: event, as: choice, of: organization)
        let request = try await request(for: task)
        var previews: [AnalyzerPreview] = []
        for analyzer in task.analyzers {
            // The embedded one has no prompt, and loading its weights for that would be a waste.
            let prompt = analyzer.kind == .embedded ? nil : try await makeModel(analyzer).preview(request)
            previews.append(AnalyzerPreview(analyzer: analyzer.name, prompt: prompt))
        }
        return previews
    }

    package func test(_ analyzer: Analyzer) async throws -> Judgement {
        let jpeg = await testPicture()
        guard !jpeg.isEmpty else { throw JudgeError(.retry(afterSeconds: nil), "no test picture could be made") }
        return try await ask(
            analyzer,
            JudgeRequest(
                cameraName: "test", triggeredAt: clock.now,
                definition: DefinitionVersion(
                    id: .make(at: clock.now), definition: .make(at: clock.now), version: 1,
                    normal: "A plain grey ground with nothing on it.", labels: ["square"]),
                pictures: [.init(jpeg: jpeg, atSeconds: 0, box: nil, name: "test picture, 256 x 192")]), false)
    }
}
