import Domain
import Testing

private final class Bytes: AccessUnitPayload {
    let byteCount: Int
    init(_ byteCount: Int) { self.byteCount = byteCount }
    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try [UInt8](repeating: 0, count: byteCount).withUnsafeBytes(body)
    }
}

private func unit(_ seconds: Double, key: Bool = false, bytes: Int = 1000) -> AccessUnit {
    AccessUnit(
        track: .video, presentation: MediaTime(seconds: seconds), isKeyframe: key,
        arrivedAt: WallTime(secondsSinceEpoch: 1000 + seconds), payload: Bytes(bytes))
}

struct TranscodeTests {
    /// Ten pictures a second, a keyframe every two seconds.
    private static func pictures(_ range: Range<Int>) -> [AccessUnit] {
        range.map { unit(Double($0) / 10, key: $0 % 20 == 0) }
    }

    @Test func `all goes in while it is taken`() {
        var intake = TranscodeIntake(Self.pictures(0..<15))
        for picture in Self.pictures(15..<500) { #expect(intake.admits(picture, queuedBytes: 2000)) }
        #expect(intake.skipped == 0)
    }

    @Test func `what it begins with may take its time, however much it is`() {
        // Ten seconds, worked off at twice the speed at which more comes.
        var intake = TranscodeIntake(Self.pictures(0..<100))
        var queued = 100
        for picture in Self.pictures(100..<300) {
            queued = max(0, queued - 2)
            #expect(intake.admits(picture, queuedBytes: queued * 1000))
            queued += 1
        }
        // From there on the bound is that of any other time.
        var admitted = 0
        for picture in Self.pictures(300..<400) where intake.admits(picture, queuedBytes: admitted * 1000) {
            admitted += 1
        }
        #expect((29...42).contains(admitted), "\(admitted)")
    }

    @Test func `one that takes nothing is given three seconds more, and goes on with a keyframe once it is empty`() {
        var intake = TranscodeIntake([unit(0, key: true)])
        var queued = 1
        var times: [Double] = []
        for picture in Self.pictures(1..<100) where intake.admits(picture, queuedBytes: queued * 1000) {
            queued += 1
            times.append(picture.presentation.seconds)
        }
        #expect(times.last.map { $0 > 2.9 && $0 < 3.3 } ?? false, "\(times)")
        #expect(intake.skipped == 99 - times.count)
        // It takes again: nothing before the next keyframe.
        let after = Self.pictures(101..<130).filter { intake.admits($0, queuedBytes: 0) }
        #expect(after.first?.presentation.seconds == 12 && after.first?.isKeyframe == true && after.count == 10)
    }

    @Test func `bytes are bounded as well`() {
        var intake = TranscodeIntake()
        var queued = 0
        while intake.admits(unit(Double(queued) / 1000, key: true, bytes: 1 << 20), queuedBytes: queued << 20) {
            queued += 1
        }
        #expect(queued == 64)
    }

    @Test func `it lives while somebody watches, and a moment longer`() {
        let start = ContinuousClock.now
        func at(_ seconds: Double) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }
        var life = TranscodeLife(at: start)
        life.pictureCame()
        #expect(life.look(at: at(1000), watchers: 1) == nil)
        #expect(life.look(at: at(1001), watchers: 0) == nil)
        #expect(life.look(at: at(1005.9), watchers: 0) == nil)
        #expect(life.look(at: at(1006), watchers: 2) == nil, "somebody came")
        #expect(life.look(at: at(1007), watchers: 0) == nil)
        #expect(life.look(at: at(1012), watchers: 0) == .unwatched)
    }

    @Test func `one without a picture is begun three times, and then given up`() {
        let start = ContinuousClock.now
        func at(_ seconds: Double) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }
        var life = TranscodeLife(at: start)
        #expect(life.look(at: at(19), watchers: 1) == nil)
        #expect(life.failed(at: at(19)))
        #expect(life.look(at: at(38), watchers: 1) == nil, "its time counts anew")
        #expect(life.look(at: at(39), watchers: 1) == .silent)
        #expect(life.failed(at: at(40)) && !life.failed(at: at(41)))
        var running = TranscodeLife(at: start)
        running.pictureCame()
        #expect(!running.failed(at: at(1)), "its viewers ask again")
        #expect(running.look(at: at(100), watchers: 1) == nil)
    }
}
