import Testing

@testable import Domain

struct SegmentMachineTests {
    private func time(_ seconds: Double) -> MediaTime { MediaTime(seconds: seconds) }

    /// Pictures every 0.1 s with a keyframe every second, the ring holding `keeps` seconds; all actions in order.
    private func run(
        _ machine: inout SegmentMachine, from: Double = 0, to: Double, keeps: Double = 3,
        each: (inout SegmentMachine, Double) -> Void = { _, _ in }
    ) -> [SegmentAction] {
        var actions: [SegmentAction] = []
        for tenth in Int(from * 10)..<Int(to * 10) {
            let now = Double(tenth) / 10
            each(&machine, now)
            actions += machine.picture(
                at: time(now), isKeyframe: tenth % 10 == 0, oldest: time(max(0, (now - keeps).rounded(.down))))
        }
        return actions
    }

    private let first = SegmentSlot(number: 1)
    private let second = SegmentSlot(number: 2)
    private let third = SegmentSlot(number: 3)

    @Test
    func `segments are cut at the first keyframe when they are long enough, and decided when the ring has passed`() {
        var machine = SegmentMachine(segmentSeconds: 2.5, hasAudio: false)
        let actions = run(&machine, to: 7)
        #expect(
            actions == [
                .open(first, starts: time(0)), .cut(first, ends: time(3)), .open(second, starts: time(3)),
                .close(first), .cut(second, ends: time(6)), .open(third, starts: time(6)),
                .decide(first, hasMotion: false),
                .close(second),
            ]
                || actions == [
                    .open(first, starts: time(0)), .cut(first, ends: time(3)), .open(second, starts: time(3)),
                    .close(first), .cut(second, ends: time(6)), .open(third, starts: time(6)), .close(second),
                    .decide(first, hasMotion: false),
                ], "\(actions)")
        #expect(
            machine.streamEnded() == [
                .cut(third, ends: nil), .close(third), .decide(second, hasMotion: false),
                .decide(third, hasMotion: false),
            ])
    }

    @Test func `nothing is recorded before a keyframe, and a segment that could not be opened is tried again`() {
        var machine = SegmentMachine(segmentSeconds: 2, hasAudio: false)
        #expect(machine.picture(at: time(0.5), isKeyframe: false, oldest: nil) == [])
        #expect(machine.picture(at: time(1), isKeyframe: true, oldest: nil) == [.open(first, starts: time(1))])
        machine.failed(first)
        #expect(machine.current == nil)
        #expect(machine.picture(at: time(1.1), isKeyframe: false, oldest: nil) == [])
        #expect(machine.picture(at: time(2), isKeyframe: true, oldest: nil) == [.open(second, starts: time(2))])
    }

    @Test func `sound around a cut goes where its time is, and the file is closed when it has passed`() {
        var machine = SegmentMachine(segmentSeconds: 1, hasAudio: true)
        _ = machine.picture(at: time(0), isKeyframe: true, oldest: nil)
        #expect(machine.sound(at: time(0.9)).slot == first)
        let cut = machine.picture(at: time(1), isKeyframe: true, oldest: nil)
        #expect(cut == [.cut(first, ends: time(1)), .open(second, starts: time(1))])
        #expect(machine.sound(at: time(0.95)) == (first, []))
        #expect(machine.sound(at: time(1.01)) == (second, [.close(first)]))
    }

    @Test func `sound that stays away holds no file open`() {
        var machine = SegmentMachine(segmentSeconds: 1, hasAudio: true)
        let actions = run(&machine, to: 3.5)
        #expect(actions.contains(.close(first)))
    }

    @Test func `a stream without keyframes ends its segment and goes on at the next`() {
        var machine = SegmentMachine(segmentSeconds: 60, hasAudio: false)
        _ = machine.picture(at: time(0), isKeyframe: true, oldest: nil)
        let end = machine.picture(at: time(Segment.longestSeconds), isKeyframe: false, oldest: nil)
        #expect(end.first == .cut(first, ends: time(Segment.longestSeconds)))
        #expect(machine.current == nil)
        #expect(
            machine.picture(at: time(700), isKeyframe: true, oldest: nil).contains(.open(second, starts: time(700))))
    }

    @Test func `segments that an event's clip touches have motion, also those that ended before it was told`() {
        var machine = SegmentMachine(segmentSeconds: 1, hasAudio: false)
        let actions = run(&machine, to: 14) { machine, now in
            if now == 6.5 { machine.eventBegan(clipFrom: MediaTime(seconds: 4.2)) }
            if now == 8.5 { machine.eventEnded() }
        }
        let moving = actions.compactMap { action -> Int? in
            if case .decide(let slot, true) = action { slot.number } else { nil }
        }
        let still = actions.compactMap { action -> Int? in
            if case .decide(let slot, false) = action { slot.number } else { nil }
        }
        // Segment n is the second that begins at n − 1.
        #expect(moving == [5, 6, 7, 8, 9] && still.prefix(5) == [1, 2, 3, 4, 10], "\(moving) \(still)")
    }
}
