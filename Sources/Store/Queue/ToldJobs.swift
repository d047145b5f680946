internal import Domain
internal import Synchronization

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
