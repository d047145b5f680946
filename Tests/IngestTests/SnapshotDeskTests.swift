import Domain
import Synchronization
import Testing

@testable import Ingest

@Suite(.timeLimit(.minutes(10)))
struct SnapshotDeskTests {
    private final class Time: Sendable {
        private let instant = Mutex(ContinuousClock.now)
        var now: ContinuousClock.Instant { instant.withLock { $0 } }
        func advance(_ seconds: Double) { instant.withLock { $0 = $0.advanced(by: .seconds(seconds)) } }
    }

    private final class Maker: Sendable {
        private let count = Mutex(0)
        var made: Int { count.withLock { $0 } }
        func make() -> Still {
            let number = count.withLock { count in
                count += 1
                return count
            }
            return Still(jpeg: [UInt8(number)], widthPixels: 1, heightPixels: 1)
        }
    }

    @Test func `for a second the same one is given again, for each size`() async throws {
        let (time, maker) = (Time(), Maker())
        let desk = SnapshotDesk { time.now }
        func ask(_ side: Int) async throws -> UInt8? { try await desk.still(of: side) { maker.make() }?.jpeg[0] }
        #expect(try await ask(640) == 1)
        time.advance(0.99)
        #expect(try await ask(640) == 1)
        #expect(try await ask(320) == 2, "another size")
        time.advance(0.01)
        #expect(try await ask(640) == 3)
        #expect(try await ask(320) == 2)
    }

    @Test func `the same one is given for as long as a new one would show the same picture`() async throws {
        let (time, maker) = (Time(), Maker())
        let desk = SnapshotDesk { time.now }
        func ask(_ arrived: Int64?) async throws -> UInt8? {
            time.advance(5)
            return try await desk.still(
                of: 640, shows: { arrived.map { WallTime(nanosecondsSinceEpoch: $0) } }, make: { maker.make() })?.jpeg[
                    0]
        }
        #expect(try await ask(1) == 1)
        #expect(try await ask(1) == 1)
        #expect(try await ask(2) == 2)
        #expect(try await ask(nil) == 3, "what is not known may be another")
        #expect(try await ask(2) == 4)
        #expect(try await ask(2) == 4)
    }

    @Test func `all who ask at the same time get one picture, made once`() async throws {
        let (time, maker) = (Time(), Maker())
        let desk = SnapshotDesk { time.now }
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let (begun, begins) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: UInt8?.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await desk.still(of: 640) {
                        begins.yield()
                        for await _ in gate { break }
                        return maker.make()
                    }?.jpeg[0]
                }
            }
            for await _ in begun { break }
            open.finish()
            for try await each in group { #expect(each == 1) }
        }
        #expect(maker.made == 1)
    }

    @Test func `that there is none, or that it failed, is not kept, and only a few sizes are`() async throws {
        struct Broken: Error {}
        let (time, maker) = (Time(), Maker())
        let desk = SnapshotDesk { time.now }
        #expect(try await desk.still(of: 640) { nil } == nil)
        await #expect(throws: Broken.self) { try await desk.still(of: 640) { throw Broken() } }
        for side in 1...(SnapshotDesk.mostSizes + 1) {
            _ = try await desk.still(of: side) { maker.make() }
            time.advance(0.01)
        }
        #expect(try await desk.still(of: 2) { maker.make() }?.jpeg[0] == 2)
        #expect(try await desk.still(of: 1) { maker.make() }?.jpeg[0] == UInt8(SnapshotDesk.mostSizes + 2))
    }
}
