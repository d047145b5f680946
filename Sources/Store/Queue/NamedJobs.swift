internal import Domain

/// New jobs of one kind as a notification names them, so that who waits for work need not search for it.
struct NamedJobs: Sendable, Hashable {
    /// More are not named: whoever has that much to do looks for it in its order.
    private static let limit = 8

    var kind: String
    var ids: [Identifier<Job>]

    /// Nil for jobs that nobody waits for, that are of several kinds, that are put off or too many.
    init?(_ jobs: [NewJob]) {
        guard let first = jobs.first, jobs.count <= Self.limit,
            jobs.allSatisfy({ $0.kind == first.kind && $0.priority < .batch && !($0.delaySeconds > 0) })
        else { return nil }
        kind = first.kind
        ids = jobs.map(\.id)
    }

    init(kind: String, ids: [Identifier<Job>]) {
        self.kind = kind
        self.ids = ids
    }

    /// Nil where the payload of a notification names no jobs.
    init?(payload: String) {
        guard let space = payload.firstIndex(of: " ") else { return nil }
        let ids = payload[..<space].split(separator: ",").compactMap { Identifier<Job>(String($0)) }
        guard !ids.isEmpty, ids.count <= Self.limit else { return nil }
        self.init(kind: String(payload[payload.index(after: space)...]), ids: ids)
    }

    var payload: String { ids.map(\.description).joined(separator: ",") + " " + kind }
}
