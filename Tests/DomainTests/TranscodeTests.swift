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
        for picture in Self.pictures(15..<500) { _ = intake.admits(picture, queuedBytes: 2000) }
        #expect(intake.skipped == 0)
    }

    @Test func `what it begins with may take its time, however much it is`() {
        // Ten seconds, worked off at twice the speed at which more comes.
        var intake = TranscodeIntake(Self.pictures(0..<100))
        var queued = 100
        for picture in Self.pictures(100..<300) {
            queued = max(0, queued - 2)
            _ = intake.admits(picture, queuedBytes: queued * 1000)
            queued += 1
        }
        #expect(intake.skipped == 0)
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
        var life = TranscodeLife(at: start)
        life.pictureCame()
        func look(_ seconds: Double, _ watchers: Int) -> TranscodeLife.Ending? {
            life.look(at: start.advanced(by: .seconds(seconds)), watchers: watchers)
        }
        #expect(look(1000, 1) == nil)
        #expect(look(1001, 0) == nil)
        #expect(look(1005.9, 0) == nil)
        #expect(look(1006, 2) == nil, "somebody came")
        #expect(look(1007, 0) == nil)
        #expect(look(1012, 0) == .unwatched)
    }

    @Test func `one without a picture is begun three times, and then given up`() {
        let start = ContinuousClock.now
        var life = TranscodeLife(at: start)
        /// Pictures come twice a second; the last answer.
        func look(_ seconds: Range<Int>) -> TranscodeLife.Ending? {
            (seconds.lowerBound * 2...seconds.upperBound * 2).map { half in
                life.look(at: start.advanced(by: .seconds(Double(half) / 2)), watchers: 1)
            }.last ?? nil
        }
        func fails(_ seconds: Double) -> Bool { life.failed(at: start.advanced(by: .seconds(seconds))) }
        #expect(look(0..<29) == nil)
        #expect(fails(29))
        #expect(look(29..<58) == nil, "its time counts anew")
        #expect(look(500..<500) == nil, "a process that stood still has not waited")
        #expect(look(500..<501) == .silent)
        #expect(fails(502) && !fails(503))
        life = TranscodeLife(at: start)
        life.pictureCame()
        #expect(!fails(1), "its viewers ask again")
        #expect(look(0..<100) == nil)
    }
}
