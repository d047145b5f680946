internal import Domain
internal import FoundationEssentials
internal import Synchronization

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

/// Jobs that this process was told of while its claims found nothing: it takes them by name, for half of what looking for work costs,
/// if it has a place for each. Where there is something to choose, or more than was named, the queue's order counts.
final class ToldJobs: Sendable {
    private static let limit = 32
    /// For the kinds of each claim that found nothing.
    private let waiting = Mutex<[[String]: [Identifier<Job>]]>([:])

    func foundNothing(of kinds: [String]) { waiting.withLock { $0[kinds] = [] } }

    /// Nil for jobs without names. What is heard while nobody waits is forgotten: who works looks for more.
    func heard(_ jobs: NamedJobs?) {
        waiting.withLock { waiting in
            guard let jobs else { return waiting.removeAll() }
            for (kinds, told) in waiting where kinds.contains(jobs.kind) {
                // Each reader of notifications in this process hears of them.
                let all = told + jobs.ids.filter { !told.contains($0) }
                waiting[kinds] = all.count <= Self.limit ? all : nil
            }
        }
    }

    /// Ends the wait. Nothing where there are more than `limit`; what there is may have been taken by others.
    func take(_ limit: Int, of kinds: [String]) -> [Identifier<Job>] {
        let told = waiting.withLock { $0.removeValue(forKey: kinds) } ?? []
        return told.count <= limit ? told : []
    }
}
