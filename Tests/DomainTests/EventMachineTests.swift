import Domain
import Testing

/// Drives the machine at 10 frames a second unless a test says otherwise.
struct EventMachineTests {
    static let settings = EventSettings(
        preRollSeconds: 5, postRollSeconds: 5, mergeGapSeconds: 1, coolDownSeconds: 0, maximumLengthSeconds: 60,
        debounceHits: 3, debounceFrames: 4, debounceSeconds: 0.3)

    /// Feeds frames from 0 to `end` where `moving` holds the moving stretches, both ends included.
    static func run(
        _ settings: EventSettings = settings, until end: Double, moving: [ClosedRange<Double>], rate: Double = 10
    ) -> (machine: EventMachine, actions: [EventAction]) {
        var machine = EventMachine(settings: settings)
        var actions: [EventAction] = []
        for index in 0...Int((end * rate).rounded()) {
            let seconds = Double(index) / rate
            let isMoving = moving.contains { $0.contains(seconds) }
            actions += machine.observe(
                at: MediaTime(seconds: seconds), moving: isMoving, score: isMoving ? 0.1 : 0, boxes: [])
        }
        return (machine, actions)
    }

    struct Opened: Equatable {
        var number: Int
        var triggered, started, clipFrom: Double
        var continues: Int?
    }
    struct Closed: Equatable {
        var number: Int
        var started, ended, clipUntil: Double
    }

    static func opened(_ actions: [EventAction]) -> [Opened] {
        actions.compactMap {
            guard case .open(let slot, let triggered, let started, let from, let continues) = $0 else { return nil }
            return Opened(
                number: slot.number, triggered: triggered.seconds, started: started.seconds, clipFrom: from.seconds,
                continues: continues?.number)
        }
    }
    static func closed(_ actions: [EventAction]) -> [Closed] {
        actions.compactMap {
            guard case .close(let slot, let span, let until) = $0 else { return nil }
            return Closed(
                number: slot.number, started: span.started.seconds, ended: span.ended.seconds, clipUntil: until.seconds)
        }
    }

    @Test func `one stretch of motion is one event with its pre-roll and post-roll`() {
        let (machine, actions) = Self.run(until: 40, moving: [10...12])
        #expect(Self.opened(actions) == [Opened(number: 1, triggered: 10.2, started: 10, clipFrom: 5, continues: nil)])
        #expect(Self.closed(actions) == [Closed(number: 1, started: 10, ended: 12, clipUntil: 17)])
        #expect(machine.openSlot == nil)
        #expect(machine.runningSlots.isEmpty)
    }

    struct Table: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var moving: [ClosedRange<Double>]
        /// Start and end of each event's motion.
        var events: [[Double]]
        var rate = 10.0
        var coolDown = 0.0
    }

    @Test(arguments: [
        Table(testDescription: "two moving frames are too few", moving: [10...10.1], events: []),
        Table(testDescription: "three moving frames are enough", moving: [10...10.2], events: [[10, 10.2]]),
        Table(
            testDescription: "one still frame among four is forgiven", moving: [10...10.1, 10.3...10.3],
            events: [[10, 10.3]]),
        Table(
            testDescription: "every other frame is not enough",
            moving: [10...10, 10.2...10.2, 10.4...10.4, 10.6...10.6],
            events: []),
        Table(
            testDescription: "a gap as long as the merge gap is bridged", moving: [10...12, 13...15],
            events: [[10, 15]]),
        Table(
            testDescription: "a longer gap makes two events", moving: [10...12, 13.1...15],
            events: [[10, 12], [13.1, 15]]),
        Table(
            testDescription: "a single late frame within the gap prolongs", moving: [10...12, 12.9...12.9],
            events: [[10, 12.9]]),
        Table(testDescription: "three in a row at 30 fps are a blink", moving: [10...10.07], events: [], rate: 30),
        Table(
            testDescription: "a third of a second at 30 fps is motion", moving: [10...10.34], events: [[10, 10.333]],
            rate: 30),
        Table(
            testDescription: "five frames a second need most of a second", moving: [10...10.4], events: [[10, 10.4]],
            rate: 5),
        Table(
            testDescription: "the cool-down swallows what starts in it", moving: [10...12, 15...16],
            events: [[10, 12]],
            coolDown: 10),
        Table(
            testDescription: "motion that outlasts the cool-down opens at its end", moving: [10...12, 15...25],
            events: [[10, 12], [22, 25]], coolDown: 10),
    ])
    func `moving stretches become these events`(_ row: Table) {
        var settings = Self.settings
        settings.coolDownSeconds = row.coolDown
        let (_, actions) = Self.run(settings, until: 60, moving: row.moving, rate: row.rate)
        let events = Self.closed(actions).map { [$0.started, $0.ended] }
        #expect(events.count == row.events.count)
        for (event, wanted) in zip(events, row.events) {
            #expect(abs(event[0] - wanted[0]) < 0.001 && abs(event[1] - wanted[1]) < 0.001, "\(event) \(wanted)")
        }
    }

    @Test func `motion during a post-roll opens an event of its own and both clips run on`() {
        var machine = EventMachine(settings: Self.settings)
        var mostRunning = 0
        var actions: [EventAction] = []
        for index in 0...300 {
            let seconds = Double(index) / 10
            let moving = (10...11).contains(seconds) || (12.5...13.5).contains(seconds) || (15...16).contains(seconds)
            actions += machine.observe(at: MediaTime(seconds: seconds), moving: moving, score: 0.1, boxes: [])
            mostRunning = max(mostRunning, machine.runningSlots.count)
        }
        #expect(mostRunning == 3)
        #expect(Self.opened(actions).map(\.clipFrom) == [5, 7.5, 10])
        #expect(
            Self.closed(actions) == [
                Closed(number: 1, started: 10, ended: 11, clipUntil: 16),
                Closed(number: 2, started: 12.5, ended: 13.5, clipUntil: 18.5),
                Closed(number: 3, started: 15, ended: 16, clipUntil: 21),
            ])
    }

    @Test func `endless motion is cut at the maximum length and continued without a gap`() {
        var settings = Self.settings
        settings.maximumLengthSeconds = 20
        let (machine, actions) = Self.run(settings, until: 60, moving: [10...60])
        let opened = Self.opened(actions)
        let closed = Self.closed(actions)
        #expect(opened.map(\.clipFrom) == [5, 25, 45])
        #expect(opened.map(\.continues) == [nil, 1, 2])
        #expect(closed.map(\.clipUntil) == [25, 45])
        #expect(closed.map(\.ended) == [24.9, 44.9])
        #expect(machine.openSlot == EventSlot(number: 3))
    }

    @Test func `an event that no longer moves is not cut but ends with its post-roll`() {
        var settings = Self.settings
        settings.maximumLengthSeconds = 10
        let (_, actions) = Self.run(settings, until: 60, moving: [10...14.8])
        #expect(Self.opened(actions).count == 1)
        #expect(Self.closed(actions) == [Closed(number: 1, started: 10, ended: 14.8, clipUntil: 19.8)])
    }

    @Test func `a cut comes with close before open before moving`() {
        var settings = Self.settings
        settings.maximumLengthSeconds = 6
        let (_, actions) = Self.run(settings, until: 12, moving: [10...12])
        let cut = actions.firstIndex { if case .close = $0 { true } else { false } }
        guard let cut, cut + 2 < actions.count, case .open(let slot, _, _, _, let continues) = actions[cut + 1],
            case .moving(slot, _, _, _) = actions[cut + 2]
        else {
            Issue.record("no close, open, moving in a row: \(actions)")
            return
        }
        #expect(continues == EventSlot(number: 1))
    }

    @Test func `the end of the stream closes everything at once`() {
        var (machine, _) = Self.run(until: 13.5, moving: [10...11, 12.5...13.5])
        let actions = machine.streamEnded(at: MediaTime(seconds: 13.6))
        #expect(
            Self.closed(actions) == [
                Closed(number: 1, started: 10, ended: 11, clipUntil: 13.6),
                Closed(number: 2, started: 12.5, ended: 13.5, clipUntil: 13.6),
            ])
        #expect(machine.openSlot == nil)
        #expect(machine.streamEnded(at: MediaTime(seconds: 14)).isEmpty)
    }

    @Test func `an end that comes late closes at the post-roll's end`() {
        var (machine, _) = Self.run(until: 12, moving: [10...11])
        #expect(Self.closed(machine.streamEnded(at: MediaTime(seconds: 100))).map(\.clipUntil) == [16])
    }

    @Test func `a new timeline after the end starts anew with fresh numbers`() {
        var (machine, _) = Self.run(until: 12, moving: [10...11])
        _ = machine.streamEnded(at: MediaTime(seconds: 12))
        var actions: [EventAction] = []
        for index in 0...10 {
            actions += machine.observe(at: MediaTime(seconds: Double(index) / 10), moving: true, score: 0.2, boxes: [])
        }
        #expect(Self.opened(actions) == [Opened(number: 2, triggered: 0.2, started: 0, clipFrom: -5, continues: nil)])
    }

    @Test func `a frame that goes backwards in time is dropped`() {
        var machine = EventMachine(settings: Self.settings)
        for seconds in [10.0, 10.1] {
            #expect(machine.observe(at: MediaTime(seconds: seconds), moving: true, score: 0.1, boxes: []).isEmpty)
        }
        for seconds in [10.1, 9.9, 10.05] {
            #expect(machine.observe(at: MediaTime(seconds: seconds), moving: true, score: 0.1, boxes: []).isEmpty)
        }
        #expect(machine.openSlot == nil)
        #expect(!machine.observe(at: MediaTime(seconds: 10.2), moving: true, score: 0.1, boxes: []).isEmpty)
    }

    @Test func `an event starts where its motion is known to have begun, but not in the one before`() {
        var machine = EventMachine(settings: Self.settings)
        var actions: [EventAction] = []
        for index in 0...80 {
            let seconds = Double(index) / 10
            let moving = (2...3).contains(seconds) || seconds >= 5
            actions += machine.observe(
                at: MediaTime(seconds: seconds), moving: moving, score: 0.1, boxes: [],
                since: MediaTime(seconds: seconds < 4 ? 1.5 : 1))
        }
        #expect(Self.opened(actions).map(\.started) == [1.5, 3])
        #expect(Self.opened(actions).map(\.triggered) == [2.2, 5.2])
    }

    @Test func `the score is the largest of the event, debounce included`() {
        var machine = EventMachine(settings: Self.settings)
        var actions: [EventAction] = []
        for (index, score) in [0.5, 0.1, 0.1, 0.2].enumerated() {
            actions += machine.observe(
                at: MediaTime(seconds: Double(index) / 10), moving: true, score: score, boxes: [])
        }
        actions += machine.streamEnded(at: MediaTime(seconds: 1))
        guard case .close(_, let span, _) = actions.last else {
            Issue.record("not closed")
            return
        }
        #expect(span.score == 0.5)
    }

    @Test func `a jump in time closes what waited and opens nothing`() {
        var (machine, _) = Self.run(until: 11, moving: [10...11])
        let actions = machine.observe(at: MediaTime(seconds: 1000), moving: true, score: 0.1, boxes: [])
        #expect(Self.closed(actions).map(\.clipUntil) == [16])
        #expect(Self.opened(actions).isEmpty)
    }

    @Test func `settings that make no sense are made sane`() {
        let settings = EventSettings(
            preRollSeconds: 30, postRollSeconds: -1, mergeGapSeconds: .nan, maximumLengthSeconds: 10, debounceHits: 9,
            debounceFrames: 4)
        #expect(settings.maximumLengthSeconds == 31)
        #expect(settings.postRollSeconds == 0)
        #expect(settings.mergeGapSeconds == 0)
        #expect(settings.debounceHits == 4)
    }
}
