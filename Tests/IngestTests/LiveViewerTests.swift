import Domain
import Synchronization
import Testing

@testable import Ingest

@Suite(.timeLimit(.minutes(10)))
struct LiveViewerTests {
    /// Says which units came: one byte for each.
    private struct Numbers: LiveMuxer {
        var contentType = "test/numbers"
        var header: [UInt8] = [255]
        mutating func add(_ units: [AccessUnit]) -> [UInt8] {
            units.map { unit in unit.payload.withUnsafeBytes { $0[0] } }
        }
    }

    private final class Payload: AccessUnitPayload {
        let bytes: [UInt8]
        init(_ number: UInt8, size: Int) { bytes = [number] + [UInt8](repeating: 0, count: size - 1) }
        var byteCount: Int { bytes.count }
        func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
            try bytes.withUnsafeBytes(body)
        }
    }

    private final class Count: Sendable {
        private let count = Mutex(0)
        func add() { count.withLock { $0 += 1 } }
        var value: Int { count.withLock { $0 } }
    }

    private static func unit(_ number: UInt8, at seconds: Double, size: Int = 10) -> AccessUnit {
        AccessUnit(
            track: .video, presentation: MediaTime(nanoseconds: Int64(seconds * 1e9)), isKeyframe: number == 0,
            arrivedAt: WallTime(secondsSinceEpoch: seconds), payload: Payload(number, size: size))
    }

    private static func viewer(
        backlog: [AccessUnit] = [unit(0, at: 0)], bounds: LiveViewer.Bounds = .init(), tooSlow: Count = Count()
    ) -> LiveViewer {
        LiveViewer(Numbers(), backlog: backlog, bounds: bounds) { tooSlow.add() }
    }

    @Test func `the group it joined in comes first, then every unit once, then the end`() async {
        let viewer = Self.viewer(backlog: [Self.unit(0, at: 0), Self.unit(1, at: 0.1)])
        var viewers = LiveViewers()
        viewers.add(viewer)
        viewers.offer(Self.unit(2, at: 0.2))
        #expect(await viewer.next() == [255, 0, 1, 2])
        async let waited = viewer.next()
        viewers.offer(Self.unit(3, at: 0.3))
        #expect(await waited == [3])
        viewers.offer(Self.unit(4, at: 0.4))
        viewers.end()
        #expect(await viewer.next() == [4], "what waited is not lost")
        #expect(await viewer.next() == nil)
        #expect(await viewer.next() == nil)
    }

    @Test func `one that does not read is let go of, once, and another goes on`() async {
        let (slowEnds, quickEnds) = (Count(), Count())
        let slow = Self.viewer(tooSlow: slowEnds)
        let quick = Self.viewer(tooSlow: quickEnds)
        var viewers = LiveViewers()
        viewers.add(slow)
        viewers.add(quick)
        #expect(await quick.next() == [255, 0])
        for number in 1...200 as ClosedRange<UInt8> {
            viewers.offer(Self.unit(number, at: Double(number) / 10))
            #expect(await quick.next() == [number])
        }
        #expect(slowEnds.value == 1 && quickEnds.value == 0)
        #expect(viewers.count == 1)
        // The muxer's header alone: nothing that waited was kept.
        #expect(await slow.next() == [255])
        #expect(await slow.next() == nil)
    }

    @Test func `bytes that wait are bounded as well`() async {
        let tooSlow = Count()
        let viewer = Self.viewer(bounds: .init(seconds: 60, bytes: 1000), tooSlow: tooSlow)
        var taken = 0
        while viewer.offer(Self.unit(1, at: Double(taken) / 1000, size: 100)) { taken += 1 }
        #expect(taken == 10 && tooSlow.value == 1)
    }

    @Test func `a group that is large comes in pieces`() async {
        let viewer = Self.viewer(backlog: (0..<9).map { Self.unit($0, at: Double($0), size: 100 << 10) })
        #expect(await viewer.next() == [255, 0, 1, 2])
        #expect(await viewer.next() == [3, 4, 5])
        #expect(await viewer.next() == [6, 7, 8])
    }

    @Test func `one that nobody holds any more is forgotten`() {
        var viewers = LiveViewers()
        do {
            let viewer = Self.viewer()
            viewers.add(viewer)
            viewers.offer(Self.unit(1, at: 1))
            #expect(viewers.count == 1)
            withExtendedLifetime(viewer) {}
        }
        #expect(viewers.count == 0)
    }

    @Test func `a cancelled task does not wait for the camera`() async {
        let viewer = Self.viewer()
        _ = await viewer.next()
        let task = Task { await viewer.next() }
        task.cancel()
        #expect(await task.value == nil)
    }
}
