/// What a script comes to, one step after the other: a value without a clock.
struct FaultSchedule: Sendable {
    struct Step: Sendable, Hashable {
        var atSeconds: Double
        var camera: String
        var fault: Misbehaviour
        var forSeconds: Double?
    }

    private struct Cursor: Sendable {
        var next: Step
        var everySeconds: Double?
        var random: RandomFaults?
    }
    private var cursors: [Cursor] = []

    init(_ script: FaultScript, streams: [SimulatedSite.Stream]) {
        for entry in script.entries {
            for stream in streams where entry.camera == nil || entry.camera == stream.name {
                cursors.append(
                    Cursor(
                        next: Step(
                            atSeconds: entry.atSeconds, camera: stream.name, fault: entry.fault,
                            forSeconds: entry.fault.name.isInstant ? nil : entry.forSeconds),
                        everySeconds: entry.everySeconds))
            }
        }
        guard let seed = script.randomSeed else { return }
        for (number, stream) in streams.enumerated() {
            var random = RandomFaults(seed: seed &+ UInt64(number) &* 0x1_0001, stream: stream)
            let first = random.next()
            cursors.append(Cursor(next: first, random: random))
        }
    }

    /// The next thing to begin, in order of time; nil when nothing comes any more.
    mutating func next() -> Step? {
        guard let index = cursors.indices.min(by: { cursors[$0].next.atSeconds < cursors[$1].next.atSeconds })
        else { return nil }
        let step = cursors[index].next
        if let every = cursors[index].everySeconds {
            cursors[index].next.atSeconds += every
        } else if let following = cursors[index].random?.next() {
            cursors[index].next = following
        } else {
            cursors.remove(at: index)
        }
        return step
    }
}

/// One camera's endless row of random faults, one at a time with pauses between; the same for the same seed.
struct RandomFaults: Sendable {
    private let camera: String
    private let names: [Misbehaviour.Name]
    private var random: SplitMix
    private var seconds = 0.0

    init(seed: UInt64, stream: SimulatedSite.Stream) {
        camera = stream.name
        let isScene = if case .scene = stream.source { true } else { false }
        names = Misbehaviour.Name.allCases.filter { isScene || !$0.needsScene }
        random = SplitMix(state: seed)
    }

    mutating func next() -> FaultSchedule.Step {
        // A pause long enough to connect again and be seen to work.
        let start = seconds + number(in: 8...25)
        let name = names[Int(random.next() % UInt64(names.count))]
        let length = name.isInstant ? nil : number(in: 2...12)
        seconds = start + (length ?? 0)
        return FaultSchedule.Step(
            atSeconds: start, camera: camera, fault: Misbehaviour(name, amount: amount(of: name)), forSeconds: length)
    }

    private mutating func amount(of name: Misbehaviour.Name) -> Double {
        switch name {
        case .slow: number(in: 50...1000)
        case .loss, .truncate, .garble: number(in: 0.005...0.2)
        case .reorder: number(in: 0.01...0.3)
        case .jump: number(in: -7200...7200)
        case .drift: number(in: -500...500)
        default: 0
        }
    }

    private mutating func number(in range: ClosedRange<Double>) -> Double {
        range.lowerBound + Double(random.next() >> 11) / Double(1 << 53) * (range.upperBound - range.lowerBound)
    }
}
