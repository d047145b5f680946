import Domain
import Testing

struct TriggerMachineTests {
    private static let settings = EventSettings(preRollSeconds: 5, postRollSeconds: 5, maximumLengthSeconds: 30)

    private func time(_ seconds: Double) -> MediaTime { MediaTime(seconds: seconds) }

    /// Ten pictures a second from `from` to `to`.
    private func run(_ machine: inout TriggerMachine, from: Double, to: Double) -> [EventAction] {
        stride(from: from, through: to, by: 0.1).flatMap { machine.advance(to: time($0)) }
    }

    @Test func `a trigger has its pre-roll, lasts as long as was asked for, and ends after its post-roll`() {
        var machine = TriggerMachine(settings: Self.settings)
        let outcome = machine.fire(Trigger(kind: .manual, label: "me", seconds: 8), at: time(100))
        #expect(!outcome.joined && outcome.ends == time(108) && outcome.slot.kind == .manual)
        #expect(
            EventMachineTests.opened(outcome.actions) == [
                .init(number: 1, triggered: 100, started: 100, clipFrom: 95, continues: nil)
            ])
        #expect(machine.label(of: outcome.slot) == "me")
        #expect(machine.slots(at: time(99.9)).isEmpty && machine.slots(at: time(108)) == [outcome.slot])
        #expect(machine.slots(at: time(108.1)).isEmpty)
        #expect(run(&machine, from: 100.1, to: 112.9).isEmpty && !machine.isEmpty)
        let closed = EventMachineTests.closed(machine.advance(to: time(113)))
        #expect(closed == [.init(number: 1, started: 100, ended: 108, clipUntil: 113)])
        #expect(machine.isEmpty)
    }

    @Test func `the same kind again makes it longer, also in its post-roll, and never shorter; others are others`() {
        var machine = TriggerMachine(settings: Self.settings)
        let first = machine.fire(Trigger(kind: .api, label: "a", seconds: 8), at: time(0))
        #expect(run(&machine, from: 0.1, to: 10).isEmpty)
        let second = machine.fire(Trigger(kind: .api, label: "b", seconds: 4), at: time(10))
        #expect(second.joined && second.slot == first.slot && second.actions.isEmpty && second.ends == time(14))
        let third = machine.fire(Trigger(kind: .api, seconds: 1), at: time(11))
        #expect(third.joined && third.ends == time(14))
        #expect(machine.label(of: first.slot) == "a")
        let other = machine.fire(Trigger(kind: .schedule, seconds: 2), at: time(11))
        #expect(!other.joined && other.slot != first.slot)
        let closed = EventMachineTests.closed(run(&machine, from: 11.1, to: 30))
        #expect(closed.map(\.number) == [2, 1] && closed.map(\.ended) == [13, 14])
    }

    @Test func `what becomes too long is cut and goes on without a gap`() {
        var machine = TriggerMachine(settings: Self.settings)
        let first = machine.fire(Trigger(kind: .api, label: "long", seconds: 60), at: time(0))
        let actions = (1...70).flatMap { machine.advance(to: time(Double($0))) }
        #expect(
            EventMachineTests.closed(actions) == [
                .init(number: 1, started: 0, ended: 25, clipUntil: 25),
                .init(number: 2, started: 25, ended: 55, clipUntil: 55),
                .init(number: 3, started: 55, ended: 60, clipUntil: 65),
            ])
        let opened = EventMachineTests.opened(actions)
        #expect(opened.map(\.continues) == [first.slot.number, 2] && opened.map(\.clipFrom) == [25, 55])
        #expect(machine.isEmpty)
    }

    @Test func `a stream that ends ends it, and one that could not be recorded is forgotten`() {
        var machine = TriggerMachine(settings: Self.settings)
        _ = machine.fire(Trigger(kind: .tamper, seconds: 10), at: time(50), since: time(42))
        _ = machine.advance(to: time(53))
        #expect(
            EventMachineTests.closed(machine.streamEnded(at: time(53))) == [
                .init(number: 1, started: 42, ended: 53, clipUntil: 53)
            ])
        #expect(machine.isEmpty)
        let lost = machine.fire(Trigger(kind: .manual), at: time(60))
        machine.forget(lost.slot)
        #expect(machine.isEmpty)
        let anew = machine.fire(Trigger(kind: .manual), at: time(61))
        #expect(!anew.joined)
    }

    @Test(arguments: [("", false), ("door 3", true), ("a\nb", false), (String(repeating: "x", count: 101), false)])
    func `labels are one short line`(label: String, isFine: Bool) {
        #expect((TriggerRules.problem(label: label) == nil) == isFine)
    }

    @Test func `a sleeping ladder decodes while something is wanted, and sleeps again`() throws {
        var settings = LadderSettings(mode: .keyframes)
        settings.learnSeconds = 1
        settings.firstAuditSeconds = 1e9
        var ladder = Ladder(settings: settings, seed: 1)
        func feed(_ range: ClosedRange<Int>, mustStay: Bool) -> [LadderAction] {
            range.flatMap { second -> [LadderAction] in
                let at = time(Double(second))
                var actions = ladder.received(at: at, size: 1000, isKeyframe: true)
                if ladder.isDecoding {
                    actions += ladder.analysed(at: at, moving: false, mustStay: mustStay)
                } else if actions.contains(.look(at: at)) {
                    actions += ladder.looked(at: at, stirs: false)
                }
                return actions
            }
        }
        _ = feed(0...10, mustStay: false)
        #expect(ladder.rung == .asleep)
        let woken = ladder.wanted(at: time(10.5))
        #expect(woken == [.decode(from: time(10))])
        #expect(ladder.wanted(at: time(10.6)).isEmpty)
        #expect(feed(11...40, mustStay: true).isEmpty && ladder.rung == .alert)
        #expect(feed(41...50, mustStay: false).contains(.rest) && ladder.rung == .asleep)
    }
}
