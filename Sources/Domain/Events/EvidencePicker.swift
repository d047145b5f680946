/// Chooses which moving frames become evidence: the first, the peaks, the last.
///
/// `Payload` is what is kept for a frame (its JPEG). At most `maximumCandidates` are held at a time.
package struct EvidencePicker<Payload: Sendable>: Sendable {
    package struct Candidate: Sendable {
        package var at: MediaTime
        package var score: Double
        package var box: Box?
        package var payload: Payload
    }
    private var candidates: [Candidate] = []
    private var best = 0.0
    private let maximumCandidates = 8

    package init() {}

    /// Whether a frame is worth a JPEG: the first; then one a second; sooner when much more moves than ever before.
    package func wants(at: MediaTime, score: Double) -> Bool {
        guard let last = candidates.last else { return true }
        let since = at.seconds(since: last.at)
        return since >= 1 || (since >= 0.25 && score > best * 1.25)
    }

    /// True when `score` beats every frame so far: a new thumbnail.
    package func isBest(score: Double) -> Bool { candidates.isEmpty || score > best }

    package mutating func add(at: MediaTime, score: Double, box: Box?, payload: Payload) {
        best = max(best, score)
        candidates.append(Candidate(at: at, score: score, box: box, payload: payload))
        if candidates.count > maximumCandidates {
            // The first and the newest stay; of the rest the one in which least moved goes.
            let middle = candidates.indices.dropFirst().dropLast()
            if let weakest = middle.min(by: { candidates[$0].score < candidates[$1].score }) {
                candidates.remove(at: weakest)
            }
        }
    }

    /// At most `limit`, in time order: first, last, and the strongest between them.
    package func chosen(limit: Int) -> [Candidate] {
        guard candidates.count > limit else { return candidates }
        guard limit > 1, let first = candidates.first, let last = candidates.last else {
            return candidates.max { $0.score < $1.score }.map { [$0] } ?? []
        }
        let middle = candidates.dropFirst().dropLast().sorted { $0.score > $1.score }.prefix(limit - 2)
        return ([first, last] + middle).sorted { $0.at < $1.at }
    }
}
