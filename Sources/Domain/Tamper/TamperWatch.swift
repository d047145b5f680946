/// Tells when a camera no longer shows what it is there to show: it was covered, lost its focus or was turned away.
///
/// Learns what the camera usually shows as a slow mean, and compares each sample with it by things that light does not change. What
/// is wrong must stay wrong for `holdSeconds` without a single sample that is right, so that who passes close, a lamp and the
/// infra-red switch are nothing. One tampering is told once. When the usual scene is back it is over; a scene that stays becomes the
/// usual one. Times are the stream's; samples come in order, from every picture or from a keyframe now and then.
package struct TamperWatch: Sendable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Nothing of the scene is left, and hardly any contrast.
        case covered
        /// The scene is there without its detail.
        case defocused
        /// Another scene, or the same one displaced.
        case moved
    }

    package struct Finding: Sendable, Hashable {
        package var kind: Kind
        /// The first sample that was wrong.
        package var since: MediaTime
    }

    package struct Settings: Sendable, Hashable {
        /// Samples nearer to each other are not needed.
        package var sampleSeconds = 1.0
        /// Nothing is judged before so much has been seen.
        package var learnSeconds = 10.0
        package var learnSamples = 5
        /// Memory of the usual scene.
        package var memorySeconds = 120.0
        /// How long, and in how many samples at least, something must be wrong.
        package var holdSeconds = 10.0
        package var holdSamples = 4
        /// What stays wrong for so long is how it is now.
        package var acceptSeconds = 300.0
        /// Mean height of edges below which a scene has too little in it to be missed.
        package var leastStructure = 1.2
        /// Below this likeness it is not the same scene.
        package var sameScene = 0.35
        /// Contrast, as a share of the usual, below which another scene is a cover.
        package var coveredFine = 0.5
        package var coveredCoarse = 0.35
        /// Fine contrast, as a share of the usual and of what coarse contrast there is, below which focus is lost, where the
        /// scene is so alike and the light has changed less than this.
        package var blurredFine = 0.5
        package var blurredShare = 0.7
        package var blurredScene = 0.5
        package var blurredLight = 20.0
        /// Displaced: so alike somewhere else, and so much more than in its place.
        package var shiftedScene = 0.6
        package var shiftedGain = 0.3

        package init() {}
    }

    private struct Wrong: Sendable {
        var since: MediaTime
        var samples = 0
        var kinds: [Kind: Int] = [:]
    }

    package let settings: Settings
    private var usual: SceneSample?
    private var learnt = 0
    private var learntSeconds = 0.0
    private var last: MediaTime?
    private var wrong: Wrong?
    private var rightSince: MediaTime?
    /// What was told and is not over.
    package private(set) var tampering: Finding?

    /// `memory` is the watch of the connection before: a camera that comes back turned away is found, too.
    package init(settings: Settings = Settings(), memory: TamperWatch? = nil) {
        self.settings = settings
        guard let memory, memory.tampering == nil else { return }
        usual = memory.usual
        learnt = memory.learnt
        learntSeconds = memory.learntSeconds
    }

    /// Whether a picture of this time is worth a sample.
    package func isDue(at time: MediaTime) -> Bool {
        last.map { time.seconds(since: $0) >= settings.sampleSeconds } ?? true
    }

    /// Takes the sample of a picture; a finding once it is certain.
    package mutating func observe(_ sample: SceneSample, at time: MediaTime) -> Finding? {
        guard isDue(at: time) else { return nil }
        // A long pause teaches no more than a short one.
        let step = last.map { min(time.seconds(since: $0), 10) } ?? 0
        last = time
        guard let usual, isLearnt, Self.structure(of: usual) >= settings.leastStructure else {
            learn(sample, seconds: step)
            return nil
        }
        let found = judge(sample, usual: usual)
        if let tampering { return follow(found, tampering, sample, at: time) }
        guard let found else {
            wrong = nil
            learn(sample, seconds: step)
            return nil
        }
        var trouble = wrong ?? Wrong(since: time)
        trouble.samples += 1
        trouble.kinds[found, default: 0] += 1
        wrong = trouble
        guard trouble.samples >= settings.holdSamples, time.seconds(since: trouble.since) >= settings.holdSeconds
        else { return nil }
        // What it was in most samples; of equals what it is now.
        let most = trouble.kinds.values.max() ?? 0
        let kind = trouble.kinds[found] == most ? found : trouble.kinds.first { $0.value == most }?.key ?? found
        let finding = Finding(kind: kind, since: trouble.since)
        tampering = finding
        wrong = nil
        rightSince = nil
        return finding
    }

    /// What is wrong with one sample; nil when it is the usual scene.
    package func judge(_ sample: SceneSample, usual: SceneSample) -> Kind? {
        let compared = SceneComparison(sample, usual: usual)
        if max(compared.slopes, compared.edges) < settings.sameScene {
            let isFlat = compared.fine < settings.coveredFine || compared.coarse < settings.coveredCoarse
            return isFlat ? .covered : .moved
        }
        if compared.slopes >= settings.blurredScene, compared.fine < settings.blurredFine,
            compared.fine < settings.blurredShare * compared.coarse, abs(compared.light) < settings.blurredLight
        {
            return .defocused
        }
        guard compared.slopes < settings.shiftedScene - settings.shiftedGain / 2 else { return nil }
        let shifted = SceneComparison.bestShifted(sample, usual: usual)
        return shifted >= settings.shiftedScene && shifted >= compared.slopes + settings.shiftedGain ? .moved : nil
    }

    // MARK: Inside

    private var isLearnt: Bool { learnt >= settings.learnSamples && learntSeconds >= settings.learnSeconds }

    /// After it was told: over when the usual scene is back for a while, or accepted when it stays.
    private mutating func follow(
        _ found: Kind?, _ tampering: Finding, _ sample: SceneSample, at time: MediaTime
    ) -> Finding? {
        if found == nil {
            let since = rightSince ?? time
            rightSince = since
            if time.seconds(since: since) >= settings.holdSeconds { self.tampering = nil }
        } else {
            rightSince = nil
            if time.seconds(since: tampering.since) >= settings.acceptSeconds {
                self.tampering = nil
                usual = sample
                learnt = 1
                learntSeconds = 0
            }
        }
        return nil
    }

    private mutating func learn(_ sample: SceneSample, seconds: Double) {
        learnt += 1
        learntSeconds += seconds
        guard var usual else {
            self.usual = sample
            return
        }
        let share = Float(max(1 / Double(learnt), min(seconds / settings.memorySeconds, 1)))
        for index in usual.levels.indices {
            usual.levels[index] += (sample.levels[index] - usual.levels[index]) * share
            usual.edges[index] += (sample.edges[index] - usual.edges[index]) * share
        }
        self.usual = usual
    }

    private static func structure(of sample: SceneSample) -> Double {
        Double(sample.edges.reduce(0, +)) / Double(max(sample.edges.count, 1))
    }
}
