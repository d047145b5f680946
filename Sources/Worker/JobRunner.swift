import Domain
import Logging
import Synchronization

/// How a job's run ended.
package enum JobOutcome: Sendable {
    case succeeded(Verdict?)
    case retry(error: String, afterSeconds: Double?)
    /// Nothing was tried: the job waits, and no attempt is counted.
    case postpone(error: String, afterSeconds: Double)
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
        /// Jobs that are held besides those that run, so that the next begins at once.
        package var prefetch: Int
        /// Finished jobs are forgotten after so many days, by the month.
        package var historyDays: Double

        /// One place is never taken by a job for which nobody waits, so that a live one runs at once, however long the others take.
        var batchPlaces: Int { max(1, concurrency - 1) }

        package init(
            concurrency: Int, owner: String, leaseSeconds: Double = 25, heartbeatSeconds: Double = 8,
            pollSeconds: Double = 1, retry: RetryPolicy = RetryPolicy(), prefetch: Int = 0, historyDays: Double = 60
        ) {
            self.prefetch = prefetch
            self.historyDays = historyDays
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
        let endings = Endings()
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        var waiting: [Lease] = []
        await withDiscardingTaskGroup { group in
            group.addTask { await forwardWakes(to: wake) }
            group.addTask { await poll(wake) }
            group.addTask { await heartbeat(held) }
            group.addTask { await forget() }
            wake.yield()
            for await _ in wakes {
                var isMore = true
                while !Task.isCancelled {
                    while held.running < configuration.concurrency, let next = waiting.first,
                        next.job.priority < .batch || held.runningInBatches < configuration.batchPlaces
                    {
                        let lease = waiting.removeFirst()
                        guard held.start(lease) else { continue }
                        group.addTask {
                            await work(on: lease, held, endings)
                            wake.yield()
                        }
                    }
                    let wish = wish(held, waiting)
                    guard isMore, wish.limit > 0 else { break }
                    let claimed = await claim(wish.limit, leastUrgent: wish.leastUrgent)
                    isMore = !claimed.isEmpty
                    for lease in claimed { held.insert(lease) }
                    // What was fetched ahead does not go before what is more urgent.
                    waiting = (waiting + claimed).enumerated().sorted {
                        ($0.element.job.priority, $0.offset) < ($1.element.job.priority, $1.offset)
                    }.map(\.element)
                }
            }
            group.cancelAll()
        }
        // The stop of a worker is not a failed attempt. The write must happen though this task is cancelled.
        let left = waiting.filter { held.isHeld($0) }
        guard !left.isEmpty else { return }
        await Task { [queue, logger] in
            do {
                try await queue.release(left)
            } catch {
                logger.warning("leases could not be given back; they will run out", metadata: ["error": "\(error)"])
            }
        }.value
    }

    /// How many jobs to take now, and how urgent they must be.
    private func wish(_ held: HeldLeases, _ waiting: [Lease]) -> (limit: Int, leastUrgent: JobPriority) {
        let free = configuration.concurrency - held.running
        let ahead = free > 0 || waiting.count * 2 <= configuration.prefetch ? configuration.prefetch : 0
        let room = free + ahead - waiting.count
        let inBatches = waiting.count { $0.job.priority >= .batch }
        let roomForBatches = configuration.batchPlaces - held.runningInBatches + ahead - inBatches
        if roomForBatches > 0 { return (min(room, roomForBatches), .leastUrgent) }
        return (room, JobPriority(rawValue: JobPriority.batch.rawValue - 1))
    }

    private func claim(_ limit: Int, leastUrgent: JobPriority) async -> [Lease] {
        do {
            return try await queue.claim(
                kinds: kinds, limit: limit, owner: configuration.owner, leaseSeconds: configuration.leaseSeconds,
                leastUrgent: leastUrgent)
        } catch {
            if !Task.isCancelled {
                logger.warning("no jobs can be claimed", metadata: ["error": "\(error)"])
            }
            return []
        }
    }

    /// Runs a job, and ends it early when its lease is lost: whatever it would write is refused.
    private func work(on lease: Lease, _ held: HeldLeases, _ endings: Endings) async {
        let (losses, lost) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        held.observe(lease, lost)
        let outcome = await withTaskGroup(of: JobOutcome?.self) { group in
            group.addTask { await handle(lease.job) }
            group.addTask {
                for await _ in losses { break }
                return nil
            }
            var outcome: JobOutcome?
            for await result in group {
                if let result { outcome = result }
                lost.finish()
                group.cancelAll()
            }
            return outcome
        }
        let cancelled = Task.isCancelled
        if held.isHeld(lease) {
            // The stop of a worker is not a failed attempt. The write must happen though this task is cancelled.
            let ending = outcome ?? .retry(error: "stopped", afterSeconds: nil)
            await Task { await finish(lease, ending, cancelled: cancelled, endings) }.value
        } else {
            logger.notice("a lease was lost; the job runs elsewhere", metadata: ["job": "\(lease.job.id)"])
        }
        held.remove(lease)
    }

    private func finish(_ lease: Lease, _ outcome: JobOutcome, cancelled: Bool, _ endings: Endings) async {
        var metadata: Logger.Metadata = ["job": "\(lease.job.id)", "kind": "\(lease.job.kind)"]
        do {
            let written: Bool
            switch outcome {
            case .succeeded(let verdict):
                written = try await endings.complete(JobCompletion(lease: lease, verdict: verdict), in: queue)
            case .retry where cancelled, .postpone where cancelled:
                try await queue.release([lease])
                written = true
            case .postpone(let error, let afterSeconds):
                metadata["reason"] = "\(error)"
                logger.debug("a job waits", metadata: metadata)
                try await queue.release([lease], delaySeconds: afterSeconds)
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
                let still = try await queue.renew(leases, leaseSeconds: configuration.leaseSeconds)
                for lease in leases where !still.contains(lease.token) { held.lose(lease) }
            } catch {
                if !Task.isCancelled {
                    logger.warning("leases could not be renewed", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    /// Keeps the history by the month, at the start and every six hours.
    private func forget() async {
        repeat {
            do {
                try await queue.forget(finishedBeforeDays: configuration.historyDays)
            } catch {
                if !Task.isCancelled {
                    logger.warning("the history of jobs could not be tidied", metadata: ["error": "\(error)"])
                }
            }
        } while (try? await Task.sleep(for: .seconds(6 * 3600))) != nil
    }
}
