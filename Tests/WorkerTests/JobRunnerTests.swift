import Domain
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// The queue of these tests is the in-memory one, which passes the same conformance suite as PostgreSQL's.
struct JobRunnerTests {
    private let logger = Logger(label: "test.worker")

    private func queue() -> InMemoryJobQueue {
        InMemoryJobQueue(now: { WallTime(secondsSinceEpoch: Date().timeIntervalSince1970) })
    }

    private func runner(
        _ queue: InMemoryJobQueue, concurrency: Int = 2, handle: @escaping @Sendable (Job) async -> JobOutcome
    ) -> JobRunner {
        JobRunner(
            queue: queue, kinds: ["work"],
            configuration: .init(
                concurrency: concurrency, owner: "test", pollSeconds: 0.05,
                retry: RetryPolicy(firstSeconds: 0.01, longestSeconds: 0.02)), logger: logger, handle: handle)
    }

    /// Runs until `done` has been told `count` times.
    private func run(_ runner: JobRunner, until done: AsyncStream<Void>, count: Int) async {
        let task = Task { await runner.run() }
        var left = count
        for await _ in done {
            left -= 1
            if left == 0 { break }
        }
        task.cancel()
        await task.value
    }

    @Test func `every job is handled once, never more at a time than allowed`() async {
        let queue = queue()
        let ids = (0..<20).compactMap { queue.enqueue(kind: "work", payload: "\($0)") }
        let (done, tell) = AsyncStream.makeStream(of: Void.self)
        let state = Mutex((running: 0, most: 0, seen: [Identifier<Job>: Int]()))
        let runner = runner(queue, concurrency: 3) { job in
            state.withLock {
                $0.running += 1
                $0.most = max($0.most, $0.running)
                $0.seen[job.id, default: 0] += 1
            }
            await Task.yield()
            state.withLock { $0.running -= 1 }
            tell.yield()
            return .succeeded(nil)
        }
        await run(runner, until: done, count: 20)
        #expect(state.withLock { $0.seen } == Dictionary(ids.map { ($0, 1) }) { $1 })
        #expect(state.withLock { $0.most } <= 3)
        #expect(ids.allSatisfy { queue.job($0)?.state == .succeeded })
    }

    @Test(arguments: [0, 5])
    func `jobs for which nobody waits leave a place free, and a live one runs beside them at once`(prefetch: Int) async
    {
        let queue = queue()
        for number in 0..<20 { queue.enqueue(kind: "work", payload: "batch \(number)", priority: .batch) }
        let (starts, started) = AsyncStream.makeStream(of: String.self)
        let gate = Gate()
        let runner = JobRunner(
            queue: queue, kinds: ["work"],
            configuration: .init(concurrency: 3, owner: "test", pollSeconds: 0.05, prefetch: prefetch), logger: logger
        ) { job in
            started.yield(job.payload)
            if job.priority == .batch { await gate.wait() }
            return .succeeded(nil)
        }
        let task = Task { await runner.run() }
        var iterator = starts.makeAsyncIterator()
        // Two of three places are full of batch jobs that do not end.
        for _ in 0..<2 { #expect(await iterator.next()?.hasPrefix("batch") == true) }
        for number in 0..<5 {
            queue.enqueue(kind: "work", payload: "live \(number)", priority: .live)
            #expect(await iterator.next() == "live \(number)")
        }
        // One ends, and the next takes its place.
        gate.letPass(1)
        #expect(await iterator.next()?.hasPrefix("batch") == true)
        queue.enqueue(kind: "work", payload: "live", priority: .live)
        #expect(await iterator.next() == "live")
        task.cancel()
        gate.letPass(1000)
        await task.value
    }

    /// Holds whoever comes until it is let through.
    private final class Gate: Sendable {
        private let state = Mutex((waiting: [CheckedContinuation<Void, Never>](), passes: 0))

        func wait() async {
            await withCheckedContinuation { continuation in
                let passes = state.withLock { state in
                    state.passes -= 1
                    if state.passes < 0 { state.waiting.append(continuation) }
                    return state.passes >= 0
                }
                if passes { continuation.resume() }
            }
        }

        func letPass(_ count: Int) {
            let through = state.withLock { state in
                state.passes += count
                let through = state.waiting.prefix(count)
                state.waiting.removeFirst(through.count)
                return through
            }
            for continuation in through { continuation.resume() }
        }
    }

    @Test func `a failed job is tried again, and one that cannot succeed is given up with its reason`() async throws {
        let queue = queue()
        let flaky = try #require(queue.enqueue(kind: "work", payload: "flaky"))
        let hopeless = try #require(queue.enqueue(kind: "work", payload: "hopeless"))
        let (done, tell) = AsyncStream.makeStream(of: Void.self)
        let runner = runner(queue) { job in
            defer { tell.yield() }
            if job.payload == "hopeless" { return .discard(error: "no such thing") }
            return job.attempt < 3 ? .retry(error: "not yet", afterSeconds: nil) : .succeeded(nil)
        }
        await run(runner, until: done, count: 4)
        #expect(queue.job(flaky)?.state == .succeeded)
        #expect(queue.job(flaky)?.attempt == 3)
        #expect(queue.job(hopeless)?.state == .discarded)
        #expect(queue.lastError(of: hopeless) == "no such thing")
    }

    @Test func `a stop gives leases back and counts no attempt`() async throws {
        let queue = queue()
        let id = try #require(queue.enqueue(kind: "work", payload: "long"))
        let (started, tell) = AsyncStream.makeStream(of: Void.self)
        let runner = runner(queue) { _ in
            tell.yield()
            try? await Task.sleep(for: .seconds(3600))
            return .retry(error: "cancelled", afterSeconds: nil)
        }
        await run(runner, until: started, count: 1)
        #expect(queue.job(id)?.state == .available)
        #expect(queue.job(id)?.attempt == 0)
    }

    @Test func `a job whose lease is lost is stopped, and nothing is written for it`() async throws {
        let queue = queue()
        let id = try #require(queue.enqueue(kind: "work", payload: "long"))
        let (stopped, tell) = AsyncStream.makeStream(of: Void.self)
        let runner = JobRunner(
            queue: queue, kinds: ["work"],
            configuration: .init(concurrency: 1, owner: "test", heartbeatSeconds: 0.02, pollSeconds: 0.05),
            logger: logger
        ) { _ in
            _ = try? await queue.cancel(id, of: Organization.first)
            try? await Task.sleep(for: .seconds(3600))
            tell.yield()
            return .succeeded(nil)
        }
        await run(runner, until: stopped, count: 1)
        #expect(queue.job(id)?.state == .cancelled)
    }

    @Test func `what is put off waits and is not a failed attempt`() async throws {
        let queue = queue()
        let id = try #require(queue.enqueue(kind: "work"))
        let (done, tell) = AsyncStream.makeStream(of: Void.self)
        let first = Mutex(true)
        let runner = runner(queue) { _ in
            defer { tell.yield() }
            let isFirst = first.withLock { isFirst in
                defer { isFirst = false }
                return isFirst
            }
            return isFirst ? .postpone(error: "no budget", afterSeconds: 0.05) : .succeeded(nil)
        }
        await run(runner, until: done, count: 2)
        #expect(queue.job(id)?.state == .succeeded)
        #expect(queue.job(id)?.attempt == 1)
    }

    @Test func `what was fetched ahead is given back at a stop`() async throws {
        let queue = queue()
        let ids = (0..<5).compactMap { queue.enqueue(kind: "work", payload: "\($0)") }
        let (started, tell) = AsyncStream.makeStream(of: Void.self)
        let runner = JobRunner(
            queue: queue, kinds: ["work"],
            configuration: .init(concurrency: 1, owner: "test", pollSeconds: 0.05, prefetch: 2), logger: logger
        ) { _ in
            tell.yield()
            try? await Task.sleep(for: .seconds(3600))
            return .retry(error: "cancelled", afterSeconds: nil)
        }
        await run(runner, until: started, count: 1)
        #expect(ids.allSatisfy { queue.job($0)?.state == .available && queue.job($0)?.attempt == 0 })
    }
}
