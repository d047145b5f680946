import Domain
import Logging
import Synchronization

/// How a job's run ended.
package enum JobOutcome: Sendable {
    case succeeded(Verdict?)
    case retry(error: String, afterSeconds: Double?)
    case discard(error: String)
}

/// Takes jobs from the queue, keeps their leases alive and writes how they ended. Knows nothing of cameras.
package struct JobRunner: Sendable {
    package struct Configuration: Sendable {
        /// Jobs at the same time.
        package var concurrency: Int
        /// Named in the leases, for people who look.
        package var owner: String
        package var leaseSeconds: Double
        package var heartbeatSeconds: Double
        /// How often to look without being woken: the safety net behind `NOTIFY`, and what starts jobs whose wait is over.
        package var pollSeconds: Double
        package var retry: RetryPolicy

        package init(
            concurrency: Int, owner: String, leaseSeconds: Double = 30, heartbeatSeconds: Double = 10,
            pollSeconds: Double = 1, retry: RetryPolicy = RetryPolicy()
        ) {
            self.concurrency = concurrency
            self.owner = owner
            self.leaseSeconds = leaseSeconds
            self.heartbeatSeconds = heartbeatSeconds
            self.pollSeconds = pollSeconds
            self.retry = retry
        }
    }

    private let queue: any JobQueue
    private let kinds: [String]
    private let configuration: Configuration
    private let logger: Logger
    private let handle: @Sendable (Job) async -> JobOutcome

    package init(
        queue: any JobQueue, kinds: [String], configuration: Configuration, logger: Logger,
        handle: @escaping @Sendable (Job) async -> JobOutcome
    ) {
        self.queue = queue
        self.kinds = kinds
        self.configuration = configuration
        self.logger = logger
        self.handle = handle
    }

    /// Runs until cancelled; then it stops the running jobs and gives their leases back.
    package func run() async {
        let held = HeldLeases()
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withDiscardingTaskGroup { group in
            group.addTask { await forwardWakes(to: wake) }
            group.addTask { await poll(wake) }
            group.addTask { await heartbeat(held) }
            wake.yield()
            for await _ in wakes {
                while !Task.isCancelled, held.count < configuration.concurrency {
                    let claimed = await claim(configuration.concurrency - held.count)
                    guard !claimed.isEmpty else { break }
                    for lease in claimed {
                        held.insert(lease)
                        group.addTask {
                            await work(on: lease)
                            held.remove(lease)
                            wake.yield()
                        }
                    }
                }
            }
            group.cancelAll()
        }
    }

    private func claim(_ limit: Int) async -> [Lease] {
        do {
            return try await queue.claim(
                kinds: kinds, limit: limit, owner: configuration.owner, leaseSeconds: configuration.leaseSeconds)
        } catch {
            if !Task.isCancelled {
                logger.warning("no jobs can be claimed", metadata: ["error": "\(error)"])
            }
            return []
        }
    }

    private func work(on lease: Lease) async {
        let outcome = await handle(lease.job)
        // The stop of a worker is not a failed attempt. The write must happen though this task is cancelled.
        let cancelled = Task.isCancelled
        await Task { await finish(lease, outcome, cancelled: cancelled) }.value
    }

    private func finish(_ lease: Lease, _ outcome: JobOutcome, cancelled: Bool) async {
        var metadata: Logger.Metadata = ["job": "\(lease.job.id)", "kind": "\(lease.job.kind)"]
        do {
            let written: Bool
            switch outcome {
            case .succeeded(let verdict):
                written = try await queue.complete(lease, verdict: verdict)
            case .retry where cancelled:
                try await queue.release([lease])
                written = true
            case .retry(let error, let afterSeconds):
                let delay = configuration.retry.delaySeconds(
                    afterAttempt: lease.job.attempt, retryAfterSeconds: afterSeconds,
                    random: Double.random(in: 0..<1))
                metadata["error"] = "\(error)"
                metadata["attempt"] = "\(lease.job.attempt) of \(lease.job.maximumAttempts)"
                logger.warning("a job failed", metadata: metadata)
                written = try await queue.retry(lease, error: error, delaySeconds: delay)
            case .discard(let error):
                metadata["error"] = "\(error)"
                logger.warning("a job was given up", metadata: metadata)
                written = try await queue.discard(lease, error: error)
            }
            if !written {
                logger.notice("a lease was lost; the job runs elsewhere", metadata: metadata)
            }
        } catch {
            metadata["error"] = "\(error)"
            logger.warning("a job's end could not be written; its lease will run out", metadata: metadata)
        }
    }

    private func forwardWakes(to wake: AsyncStream<Void>.Continuation) async {
        do {
            for await _ in try await queue.wakes() { wake.yield() }
        } catch {
            logger.warning("no notifications of new jobs; polling only", metadata: ["error": "\(error)"])
        }
    }

    private func poll(_ wake: AsyncStream<Void>.Continuation) async {
        while (try? await Task.sleep(for: .seconds(configuration.pollSeconds))) != nil { wake.yield() }
    }

    private func heartbeat(_ held: HeldLeases) async {
        while (try? await Task.sleep(for: .seconds(configuration.heartbeatSeconds))) != nil {
            let leases = held.all
            guard !leases.isEmpty else { continue }
            do {
                _ = try await queue.renew(leases, leaseSeconds: configuration.leaseSeconds)
            } catch {
                logger.warning("leases could not be renewed", metadata: ["error": "\(error)"])
            }
        }
    }
}

/// The leases of the jobs that run now.
private final class HeldLeases: Sendable {
    private let leases = Mutex<[Identifier<Lease>: Lease]>([:])
    var count: Int { leases.withLock { $0.count } }
    var all: [Lease] { leases.withLock { Array($0.values) } }
    func insert(_ lease: Lease) { leases.withLock { $0[lease.token] = lease } }
    func remove(_ lease: Lease) { leases.withLock { $0[lease.token] = nil } }
}
