import Domain
import Testing

struct SoundWatchTests {
    private static let settings = AudioTrigger(levelDBFS: -30, seconds: 0.5, hysteresisDB: 6, rearmSeconds: 5)

    /// Tenths of a second of sound from `from` on, each as loud as `dbfs` tells for its number.
    private func hear(
        _ watch: inout SoundWatch, from: Double, seconds: Double, dbfs: (Int) -> Double
    ) -> [SoundWatch.Finding] {
        (0..<Int((seconds * 10).rounded())).compactMap { number in
            watch.observe(
                SoundLevel(
                    start: MediaTime(seconds: from + Double(number) / 10), seconds: 0.1, dbfs: dbfs(number)))
        }
    }

    private func begun(_ findings: [SoundWatch.Finding]) -> [(since: Double, at: Double, dbfs: Double)] {
        findings.compactMap {
            if case .begins(let since, let at, let dbfs) = $0 { (since.seconds, at.seconds, dbfs) } else { nil }
        }
    }

    private func lastsUntil(_ findings: [SoundWatch.Finding]) -> Double? {
        findings.compactMap { if case .goesOn(let until) = $0 { until.seconds } else { nil } }.last
    }

    @Test func `a tone is told once, when it has lasted, since it began`() {
        var watch = SoundWatch(settings: Self.settings)
        #expect(hear(&watch, from: 0, seconds: 20, dbfs: { _ in -70 }).isEmpty)
        let findings = hear(&watch, from: 20, seconds: 3, dbfs: { _ in -15 })
        let told = begun(findings)
        #expect(told.count == 1 && told[0].since == 20 && abs(told[0].at - 20.5) < 0.001 && told[0].dbfs == -15)
        #expect(lastsUntil(findings).map { abs($0 - 23 - SoundWatch.tailSeconds) < 0.001 } == true)
        #expect(!watch.isArmed)
        #expect(hear(&watch, from: 23, seconds: 4.9, dbfs: { _ in -70 }).isEmpty && !watch.isArmed)
        #expect(hear(&watch, from: 27.9, seconds: 0.2, dbfs: { _ in -70 }).isEmpty && watch.isArmed)
        #expect(begun(hear(&watch, from: 30, seconds: 1, dbfs: { _ in -15 })).count == 1)
    }

    @Test func `what is too short, or loud for too little of the time, is nothing`() {
        var watch = SoundWatch(settings: Self.settings)
        #expect(hear(&watch, from: 0, seconds: 60, dbfs: { $0 % 10 < 4 ? 0 : -70 }).isEmpty)
        #expect(hear(&watch, from: 60, seconds: 60, dbfs: { $0 % 2 == 0 ? -20 : -33 }).isEmpty)
        // Loud for two thirds of the time, as speech is: a little later.
        let told = begun(hear(&watch, from: 130, seconds: 3, dbfs: { $0 % 3 < 2 ? -20 : -40 }))
        #expect(told.count == 1 && (130...130.3).contains(told[0].since) && (130.5...131.6).contains(told[0].at))
    }

    @Test(arguments: 0..<8) func `steady noise about the level does not flap`(seed: UInt64) {
        var watch = SoundWatch(settings: Self.settings)
        var random = SplitMix(state: seed)
        _ = hear(&watch, from: 0, seconds: 10, dbfs: { _ in -70 })
        #expect(begun(hear(&watch, from: 10, seconds: 1, dbfs: { _ in -10 })).count == 1)
        _ = hear(&watch, from: 11, seconds: 6, dbfs: { _ in -70 })
        #expect(watch.isArmed)
        // An hour within two decibels of it.
        let findings = hear(
            &watch, from: 17, seconds: 3600, dbfs: { _ in -30 + Double.random(in: -2...2, using: &random) })
        #expect(begun(findings).count <= 1)
        // And one that is loud all the time is one event, which ends.
        _ = hear(&watch, from: 3617, seconds: 6, dbfs: { _ in -70 })
        let steady = hear(
            &watch, from: 3630, seconds: 3600, dbfs: { _ in -24 + Double.random(in: -2...2, using: &random) })
        #expect(begun(steady).count == 1)
        #expect(lastsUntil(steady).map { $0 < 3630 + SoundWatch.longestSeconds + 5 } == true)
    }

    @Test func `pauses shorter than the re-arm time belong to what was told`() {
        var watch = SoundWatch(settings: Self.settings)
        // Barking: a second in three.
        let findings = hear(&watch, from: 0, seconds: 40, dbfs: { $0 % 30 < 10 ? -12 : -60 })
        #expect(begun(findings).count == 1)
        #expect(lastsUntil(findings).map { $0 > 39 } == true)
    }

    @Test func `where no sound comes it is quiet`() {
        var watch = SoundWatch(settings: Self.settings)
        #expect(begun(hear(&watch, from: 0, seconds: 1, dbfs: { _ in -10 })).count == 1)
        // Opus sends nothing while it is quiet.
        #expect(begun(hear(&watch, from: 7, seconds: 1, dbfs: { _ in -10 })).count == 1)
        #expect(begun(hear(&watch, from: 10, seconds: 1, dbfs: { _ in -10 })).isEmpty)
        var clicks = SoundWatch(settings: Self.settings)
        for second in 0..<20 {
            #expect(hear(&clicks, from: Double(second), seconds: 0.2, dbfs: { _ in -10 }).isEmpty)
        }
    }

    @Test func `noise that goes on after a reconnect is not told again`() {
        var first = SoundWatch(settings: Self.settings)
        #expect(begun(hear(&first, from: 0, seconds: 1, dbfs: { _ in -10 })).count == 1)
        var second = SoundWatch(settings: Self.settings, memory: first)
        #expect(hear(&second, from: 0, seconds: 10, dbfs: { _ in -10 }).isEmpty)
        _ = hear(&second, from: 10, seconds: 6, dbfs: { _ in -60 })
        #expect(begun(hear(&second, from: 16, seconds: 1, dbfs: { _ in -10 })).count == 1)
    }

    @Test func `a long wait reaches back no further than twice what it takes`() {
        var watch = SoundWatch(settings: Self.settings)
        let told = begun(hear(&watch, from: 0, seconds: 60, dbfs: { $0 % 20 < 11 ? -20 : -29 - Double($0 % 2) * 5 }))
        for found in told { #expect(found.at - found.since <= 1.001) }
        #expect(!told.isEmpty)
    }

    @Test func `the running event of a kind is made longer, and nothing where none runs`() {
        var machine = TriggerMachine(settings: EventSettings(preRollSeconds: 5, postRollSeconds: 2))
        machine.extend(.audio, until: MediaTime(seconds: 50))
        #expect(machine.isEmpty)
        let fired = machine.fire(
            Trigger(kind: .audio, seconds: 2), at: MediaTime(seconds: 10), since: MediaTime(seconds: 9.5))
        machine.extend(.audio, until: MediaTime(seconds: 15))
        machine.extend(.audio, until: MediaTime(seconds: 13))
        machine.extend(.tamper, until: MediaTime(seconds: 30))
        #expect(machine.advance(to: MediaTime(seconds: 16.9)).isEmpty)
        let closed = EventMachineTests.closed(machine.advance(to: MediaTime(seconds: 17)))
        #expect(closed == [.init(number: fired.slot.number, started: 9.5, ended: 15, clipUntil: 17)])
    }
}

/// Sebastiano Vigna's splitmix64, for numbers that are the same each time.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
