import Domain
import Testing

/// A payload of a given size.
private final class Bytes: AccessUnitPayload {
    let byteCount: Int
    init(_ byteCount: Int) { self.byteCount = byteCount }
    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try [UInt8](repeating: 0, count: byteCount).withUnsafeBytes(body)
    }
}

private func unit(_ seconds: Double, key: Bool = false, bytes: Int = 100, track: Track = .video) -> AccessUnit {
    AccessUnit(
        track: track, presentation: MediaTime(seconds: seconds), isKeyframe: key,
        arrivedAt: WallTime(secondsSinceEpoch: 1000 + seconds), payload: Bytes(bytes))
}

/// Ten pictures a second with a keyframe every two seconds.
private func fill(_ ring: inout GOPRing, from: Int = 0, seconds: Int, bytes: Int = 100) {
    for index in (from * 10)..<((from + seconds) * 10) {
        ring.append(unit(Double(index) / 10, key: index % 20 == 0, bytes: bytes))
    }
}

struct GOPRingTests {
    @Test func `units before the first keyframe are not kept`() {
        var ring = GOPRing(keepSeconds: 5, maximumBytes: 1 << 20)
        ring.append(unit(0))
        ring.append(unit(0.1, track: .audio))
        #expect(ring.oldest == nil)
        ring.append(unit(0.2, key: true))
        #expect(ring.units(from: MediaTime(seconds: 0)).count == 1)
    }

    @Test func `what is handed out starts on the newest keyframe at or before the asked time`() {
        var ring = GOPRing(keepSeconds: 10, maximumBytes: 1 << 20)
        fill(&ring, seconds: 10)
        let units = ring.units(from: MediaTime(seconds: 5.3))
        #expect(units.first?.presentation == MediaTime(seconds: 4))
        #expect(units.first?.isKeyframe == true)
        #expect(units.count == 60)
    }

    @Test func `the pre-roll stays covered however long it runs`() {
        var ring = GOPRing(keepSeconds: 5, maximumBytes: 1 << 20)
        for second in stride(from: 0, to: 60, by: 2) {
            fill(&ring, from: second, seconds: 2)
            let newest = Double(second) + 1.9
            guard newest >= 7 else { continue }
            let first = ring.units(from: MediaTime(seconds: newest - 5)).first
            #expect((first?.presentation.seconds ?? 99) <= newest - 5)
        }
    }

    @Test func `what has not been looked at yet keeps its pre-roll`() {
        var ring = GOPRing(keepSeconds: 5, maximumBytes: 1 << 20)
        fill(&ring, seconds: 10)
        ring.looked(at: MediaTime(seconds: 9))
        fill(&ring, from: 10, seconds: 30)
        #expect((ring.units(from: MediaTime(seconds: 4)).first?.presentation.seconds ?? 99) <= 4)
        ring.looked(at: MediaTime(seconds: 39))
        fill(&ring, from: 40, seconds: 2)
        #expect((ring.oldest?.seconds ?? 0) >= 32)
    }

    @Test func `old groups leave as a whole`() {
        var ring = GOPRing(keepSeconds: 4, maximumBytes: 1 << 20)
        fill(&ring, seconds: 20)
        #expect((ring.oldest?.seconds ?? 0) >= 13)
        #expect(ring.byteCount == ring.units(from: MediaTime(seconds: 0)).count * 100)
    }

    @Test func `the byte bound wins over the seconds and is counted`() {
        var ring = GOPRing(keepSeconds: 60, maximumBytes: 10_000)
        fill(&ring, seconds: 20)
        #expect(ring.byteCount <= 10_000 + 2_000)
        #expect(ring.evictedForBytes > 0)
    }

    @Test func `a camera that sends no more keyframes does not fill the memory, and the next keyframe is kept again`() {
        var ring = GOPRing(keepSeconds: 60, maximumBytes: 10_000)
        ring.append(unit(0, key: true))
        let place = ring.place(of: MediaTime(seconds: 0))
        for index in 1...1000 {
            ring.append(unit(Double(index) / 10))
            #expect(ring.byteCount <= 10_000)
        }
        #expect(ring.evictedForBytes == 1 && ring.newestGroup == nil)
        #expect(ring.units(from: MediaTime(seconds: 0)).isEmpty)
        #expect(ring.units(at: place, limit: 5).units.isEmpty)
        ring.append(unit(101, key: true))
        ring.append(unit(101.1))
        let (_, units) = ring.units(at: place, limit: 5)
        #expect(units.map(\.presentation.seconds) == [101, 101.1])
    }

    @Test func `the interval between keyframes is measured`() {
        var ring = GOPRing(keepSeconds: 10, maximumBytes: 1 << 20)
        fill(&ring, seconds: 5)
        #expect(ring.keyframeIntervalSeconds == 2)
    }

    @Test func `places count all units, and what is gone is skipped to a keyframe`() {
        var ring = GOPRing(keepSeconds: 3, maximumBytes: 1 << 20)
        fill(&ring, seconds: 4)
        #expect(ring.end == 40)
        #expect(ring.place(of: MediaTime(seconds: 2.7)) == 20)
        let (first, units) = ring.units(at: 15, limit: 12)
        #expect(first == 15)
        #expect(units.map { $0.presentation.seconds } == (15..<27).map { Double($0) / 10 })
        fill(&ring, from: 4, seconds: 4)
        let late = ring.units(at: 15, limit: 5)
        #expect(late.first == 40)
        #expect(late.units.first?.isKeyframe == true)
        #expect(ring.place(of: MediaTime(seconds: 0)) == 40)
        #expect(ring.units(at: ring.end, limit: 5).units.isEmpty)
    }
}
