import Domain

extension EventJudge {
    /// Pictures that are sampled anew from the event's clip, or from what the camera recorded then.
    func sampled(
        _ source: FramePolicy.Source, _ count: Int, of event: EventDetail
    ) async throws(JudgeError) -> [JudgeRequest.Picture] {
        let record = event.record
        guard let sampler else {
            throw JudgeError(.discard, "this worker cannot decode video; ask for the stored evidence")
        }
        var files: [SampledFile]
        var (from, to) = (record.startedAt, record.endedAt)
        switch source {
        case .clip:
            files = [SampledFile(path: record.clip.path, startsAt: record.clip.startsAt)]
            from = max(from, record.clip.startsAt)
            to = min(to, record.clip.startsAt.advanced(bySeconds: record.clip.durationSeconds))
        case .recording:
            do {
                let segments = try await recordings?.segments(
                    RecordingQuery(
                        camera: record.camera, from: from, to: max(to, from.advanced(bySeconds: 0.001)), limit: 200),
                    of: record.organization)
                files = (segments ?? []).map { SampledFile(path: $0.path, startsAt: $0.startsAt) }
                // What was not recorded cannot be shown.
                if let first = segments?.first, let last = segments?.last {
                    from = max(from, first.startsAt)
                    to = min(to, last.endsAt)
                }
            } catch {
                throw JudgeError(.retry(afterSeconds: nil), "the camera's recordings could not be read: \(error)")
            }
            guard !files.isEmpty else {
                throw JudgeError(.discard, "there is no recording of the event's time; ask for its clip instead")
            }
        }
        let found: [SampledStill]
        do {
            found = try await sampler.stills(of: files, at: FramePolicy.times(count, from: from, to: max(from, to)))
        } catch is CancellationError {
            throw JudgeError(.postpone(seconds: 0), "cancelled")
        } catch {
            throw JudgeError(.discard, "no pictures could be taken from the event's \(source.rawValue): \(error)")
        }
        return found.enumerated().map { index, sample in
            let seconds = sample.at.seconds(since: record.clip.startsAt)
            let near = record.boxes.min { abs($0.atSeconds - seconds) < abs($1.atSeconds - seconds) }
            return JudgeRequest.Picture(
                jpeg: sample.still.jpeg, atSeconds: seconds,
                box: near.flatMap { abs($0.atSeconds - seconds) <= 1 ? $0.box : nil },
                name: "frame \(index + 1), \(sample.still.widthPixels) x \(sample.still.heightPixels)")
        }
    }
}
