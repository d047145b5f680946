import Domain
import Testing

/// A camera's stream, in media time: ten pictures a second, a keyframe every two seconds.
private struct Stream {
    var ladder: Ladder
    var now = 0
    var gop = 20
    var asked: [LadderAction] = []
    /// What a keyframe that is looked at shows, and what moves in decoded pictures, by picture.
    var picture: (Int) -> Bool = { _ in false }
    var moving: (Int) -> Bool = { _ in false }
    var size: (Int) -> Int = { $0 % 20 == 0 ? 40_000 : 4000 + $0 * 7919 % 400 }
    var looksFail = false
    var mustStay = false
    /// No decoder is there; what waits for one is all that came.
    var hasDecoder = true

    init(_ mode: AnalysisMode = .ladder, memory: Ladder? = nil, _ change: (inout LadderSettings) -> Void = { _ in }) {
        var settings = LadderSettings(mode: mode)
        settings.firstAuditSeconds = 1e9
        change(&settings)
        ladder = Ladder(settings: settings, seed: 7, memory: memory)
    }

    /// Lets seconds pass; everything asked for is done at once.
    mutating func run(seconds: Double) {
        for _ in 0..<Int(seconds * 10) {
            let time = MediaTime(seconds: Double(now) / 10)
            var actions: [LadderAction] = []
            if hasDecoder || !ladder.isDecoding || now == 0 {
                actions = ladder.received(at: time, size: size(now), isKeyframe: now % gop == 0)
            } else {
                actions = ladder.waits(late: Double(now) / 10)
            }
            if hasDecoder, ladder.isDecoding, !actions.contains { $0.isDecode } || now == 0 {
                actions += ladder.analysed(at: time, moving: moving(now), mustStay: mustStay)
            }
            for action in actions {
                asked.append(action)
                guard case .look(let at) = action else { continue }
                asked += looksFail ? ladder.lookFailed(at: at) : ladder.looked(at: at, stirs: picture(now))
            }
            now += 1
        }
    }

    /// The first actions from here on, in seconds.
    mutating func actions(in seconds: Double) -> [LadderAction] {
        asked = []
        run(seconds: seconds)
        return asked
    }
}

extension LadderAction {
    fileprivate var isDecode: Bool { if case .decode = self { true } else { false } }
    fileprivate var isLook: Bool { if case .look = self { true } else { false } }
}

struct LadderTests {
    private func asleep(_ mode: AnalysisMode = .ladder, _ change: (inout LadderSettings) -> Void = { _ in }) -> Stream {
        var stream = Stream(mode, change)
        stream.run(seconds: 20)
        #expect(stream.ladder.rung == .asleep)
        return stream
    }

    @Test func `a new connection is decoded from its first keyframe and sleeps when it has learnt`() {
        var stream = Stream()
        #expect(stream.actions(in: 1) == [.decode(from: MediaTime(seconds: 0))])
        #expect(stream.ladder.rung == .learning)
        #expect(stream.actions(in: 11.5) == [.rest])
        #expect(stream.ladder.rung == .asleep)
    }

    @Test func `a connection on which something moves does not sleep until it is calm`() {
        var stream = Stream()
        stream.moving = { $0 < 200 }
        stream.run(seconds: 24)
        #expect(stream.ladder.rung == .learning)
        stream.run(seconds: 10)
        #expect(stream.ladder.rung == .asleep)
    }

    @Test func `without a decoder it learns from calm keyframes, and sleeps`() {
        var stream = Stream()
        stream.hasDecoder = false
        #expect(stream.actions(in: 4) == [.decode(from: MediaTime(seconds: 0))])
        #expect(stream.actions(in: 5) == [.rest, .look(at: MediaTime(seconds: 6)), .look(at: MediaTime(seconds: 8))])
        #expect(stream.ladder.rung == .learning)
        stream.run(seconds: 3)
        #expect(stream.ladder.rung == .asleep)
        // What it has learnt is what the sizes are compared with.
        let jump = stream.now + 5
        let usual = stream.size
        stream.size = { $0 == jump ? 60_000 : usual($0) }
        stream.run(seconds: 1)
        #expect(stream.ladder.rung == .alert)
    }

    @Test func `without a decoder a keyframe that stirs asks for one, from the last calm one on`() {
        var stream = Stream()
        stream.hasDecoder = false
        stream.picture = { $0 >= 80 }
        stream.run(seconds: 8)
        #expect(stream.ladder.rung == .learning)
        #expect(stream.actions(in: 0.1) == [.look(at: MediaTime(seconds: 8)), .decode(from: MediaTime(seconds: 6))])
        #expect(stream.ladder.rung == .alert)
    }

    @Test func `without a decoder sizes that tell nothing end in waiting for one`() {
        var random: UInt64 = 1
        let erratic = (0..<2000).map { _ in
            random = random &* 6_364_136_223_846_793_005 &+ 1
            return 2000 << Int(random >> 61)
        }
        var stream = Stream()
        stream.hasDecoder = false
        stream.gop = 60
        stream.size = { $0 % 60 == 0 ? 60_000 : erratic[$0] }
        #expect(stream.actions(in: 60).contains { $0.isDecode })
        #expect(stream.ladder.isDecoding && stream.ladder.rung == .learning)
        #expect(stream.actions(in: 60) == [])
    }

    @Test func `who is late looks more rarely`() {
        for (late, looks) in [(0.0, 10), (16, 10), (32, 5), (80, 2)] {
            var ladder = asleep().ladder
            var found = 0
            for now in 200..<600 {
                let time = MediaTime(seconds: Double(now) / 10)
                for action in ladder.received(
                    at: time, size: now % 20 == 0 ? 40_000 : 4000 + now * 7919 % 400, isKeyframe: now % 20 == 0,
                    late: late)
                where action == .look(at: time) {
                    found += 1
                    _ = ladder.looked(at: time, stirs: false)
                }
            }
            #expect(found == looks, "\(late)")
        }
    }

    @Test func `full decodes for ever`() {
        var stream = Stream(.full)
        #expect(stream.actions(in: 120) == [.decode(from: MediaTime(seconds: 0))])
        #expect(stream.ladder.rung == .full)
    }

    @Test func `asleep, a keyframe is looked at every few seconds and nothing else is decoded`() {
        var stream = asleep()
        let looks = stream.actions(in: 40)
        #expect(looks.count == 10)
        #expect(looks.allSatisfy { $0.isLook })
    }

    @Test func `keyframes looks at every keyframe and trusts no sizes`() {
        var stream = asleep(.keyframes)
        stream.size = { $0 % 20 == 5 ? 400_000 : 4000 }
        let looks = stream.actions(in: 40)
        #expect(looks.count == 20)
        #expect(looks.allSatisfy { $0.isLook })
    }

    @Test func `a jump of the size wakes at once, from before it`() {
        var stream = asleep()
        let jump = stream.now + 13
        let usual = stream.size
        stream.size = { $0 == jump ? 40_000 : usual($0) }
        let actions = stream.actions(in: 1.5)
        guard case .decode(let from) = actions.last(where: \.isDecode) else {
            Issue.record("not woken: \(actions)")
            return
        }
        #expect(from <= MediaTime(seconds: Double(jump) / 10 - 1))
        #expect(stream.ladder.rung == .alert)
    }

    @Test func `a smaller rise wakes when it lasts`() {
        var stream = asleep()
        let begins = stream.now + 3
        let usual = stream.size
        stream.size = { $0 >= begins && $0 % 20 != 0 ? usual($0) * 12 / 10 : usual($0) }
        stream.run(seconds: 0.4)
        #expect(stream.ladder.rung == .asleep)
        stream.run(seconds: 1.5)
        #expect(stream.ladder.rung == .alert)
    }

    @Test func `a picture that stirs wakes from the last calm one on`() {
        var stream = asleep()
        _ = stream.actions(in: 4)
        stream.picture = { _ in true }
        let actions = stream.actions(in: 4.1)
        guard case .look(let at) = actions.first, actions.count > 1, case .decode(let from) = actions[1] else {
            Issue.record("\(actions)")
            return
        }
        #expect(at.seconds(since: from) == 4)
    }

    @Test func `a stir that nothing confirms is forgotten soon, one that is confirmed when it is calm`() {
        var stream = asleep()
        let jump = stream.now + 5
        let usual = stream.size
        stream.size = { $0 == jump ? 60_000 : usual($0) }
        stream.run(seconds: 1)
        #expect(stream.ladder.rung == .alert)
        stream.run(seconds: 3)
        #expect(stream.ladder.rung == .asleep)

        let again = stream.now + 5
        stream.size = { $0 == again ? 60_000 : usual($0) }
        stream.moving = { (again...again + 20).contains($0) }
        stream.run(seconds: 2)
        #expect(stream.ladder.rung == .awake)
        stream.run(seconds: 5)
        #expect(stream.ladder.rung == .awake)
        stream.run(seconds: 3)
        #expect(stream.ladder.rung == .asleep)
    }

    @Test func `it stays awake while an event is being recorded`() {
        var stream = asleep()
        let jump = stream.now + 5
        let usual = stream.size
        stream.size = { $0 == jump ? 60_000 : usual($0) }
        stream.mustStay = true
        stream.run(seconds: 30)
        #expect(stream.ladder.rung == .alert)
        stream.mustStay = false
        stream.run(seconds: 0.1)
        #expect(stream.ladder.rung == .asleep)
    }

    @Test func `a new bit rate is learnt and does not keep it awake`() {
        var stream = asleep()
        let usual = stream.size
        stream.size = { usual($0) * 2 }
        let actions = stream.actions(in: 120)
        #expect(actions.contains { $0.isDecode })
        #expect(stream.actions(in: 30).allSatisfy { $0.isLook })
    }

    @Test func `with keyframes far apart and sizes that tell nothing it does not sleep, and says why`() {
        var stream = Stream()
        var random: UInt64 = 1
        var erratic: [Int] = []
        for _ in 0..<2000 {
            random = random &* 6_364_136_223_846_793_005 &+ 1
            erratic.append(2000 << Int(random >> 61))
        }
        stream.gop = 60
        stream.size = { $0 % 60 == 0 ? 60_000 : erratic[$0] }
        stream.run(seconds: 120)
        #expect(stream.ladder.rung == .learning)
        #expect(stream.ladder.reason?.contains("keyframes are 6 s apart") == true)

        var steady = Stream()
        steady.gop = 60
        steady.size = { $0 % 60 == 0 ? 60_000 : 4000 + $0 * 7919 % 400 }
        steady.run(seconds: 120)
        #expect(steady.ladder.rung == .asleep)
        #expect(steady.ladder.reason == nil)
    }

    @Test func `keyframes that give no picture end in full decoding, with the reason`() {
        var stream = asleep()
        stream.looksFail = true
        stream.run(seconds: 20)
        #expect(stream.ladder.rung == .full)
        #expect(stream.ladder.reason == "everything is decoded: its keyframes cannot be decoded by themselves")
    }

    @Test func `audits find what no sensor shows, and the camera climbs for good`() {
        var stream = asleep { settings in
            settings.firstAuditSeconds = 30
        }
        // Blind: sizes never change, and what moves is never there when a keyframe is looked at.
        let usual = stream.size
        stream.size = { usual($0) }
        stream.moving = { $0 % 20 >= 5 && $0 % 20 < 15 && $0 % 200 < 60 }
        stream.run(seconds: 1200)
        #expect(stream.ladder.estimate.misses >= 2)
        #expect(stream.ladder.carefulness > .usual)
        #expect(stream.ladder.reason?.contains("movements in") == true)
        #expect((stream.ladder.estimate.missesPerHour ?? 0) > 0)

        let next = Ladder(settings: stream.ladder.settings, seed: 1, memory: stream.ladder)
        #expect(next.carefulness == stream.ladder.carefulness)
        #expect(next.reason == stream.ladder.reason)
    }

    @Test func `audits of a camera that is seen well become rare and change nothing`() {
        var stream = asleep { $0.firstAuditSeconds = 30 }
        stream.run(seconds: 3600)
        let first = stream.ladder.estimate.audits
        #expect((3...30).contains(first))
        #expect(stream.ladder.estimate.misses == 0)
        #expect(stream.ladder.carefulness == .usual)
        stream.run(seconds: 3600)
        #expect(stream.ladder.estimate.audits - first <= 6)
        #expect(stream.ladder.estimate.auditedSeconds < 0.015 * 7200)
    }
}

struct SizeBaselineTests {
    private func learnt(_ gops: Int = 6, size: (Int) -> Int = { $0 == 0 ? 50_000 : 5000 + $0 % 2 * 3000 })
        -> SizeBaseline
    {
        var baseline = SizeBaseline()
        for _ in 0..<gops { baseline.learn((0..<20).map(size)) }
        return baseline
    }

    @Test func `each position has its own usual size`() {
        let baseline = learnt()
        for position in 0..<20 {
            let size = position == 0 ? 50_000 : 5000 + position % 2 * 3000
            #expect(abs(baseline.deviation(size: size, position: position) ?? 9) < 0.1)
        }
        #expect((baseline.deviation(size: 8000, position: 2) ?? 0) > 5)
        #expect((baseline.deviation(size: 5000, position: 3) ?? 0) < -5)
    }

    @Test func `a deviation is a factor, whatever the rate`() {
        let low = learnt { $0 == 0 ? 50_000 : 5000 }
        let high = learnt { $0 == 0 ? 500_000 : 50_000 }
        let (one, ten) = (low.deviation(size: 7000, position: 5) ?? 0, high.deviation(size: 70_000, position: 5) ?? 0)
        #expect(abs(one - ten) < 0.1 * ten)
    }

    @Test func `one wild GOP changes nothing`() {
        var baseline = learnt()
        baseline.learn([Int](repeating: 100_000, count: 20))
        #expect(abs(baseline.deviation(size: 5000, position: 2) ?? 9) < 0.5)
    }

    @Test func `positions that were rarely seen share what is usual for all`() {
        var baseline = SizeBaseline()
        baseline.learn([50_000] + [Int](repeating: 5000, count: 30))
        #expect(abs(baseline.deviation(size: 5000, position: 300) ?? 9) < 0.1)
        #expect(baseline.deviation(size: 5000, position: 0) == nil)
    }

    @Test(arguments: [0, 1, 63, 64, 1000, 65_535, 1 << 20, 1 << 30])
    func `broken sizes break nothing`(size: Int) {
        let baseline = learnt()
        #expect(baseline.deviation(size: size, position: 3)?.isFinite == true)
        #expect(baseline.deviation(size: -size, position: 9999)?.isFinite == true)
    }
}
