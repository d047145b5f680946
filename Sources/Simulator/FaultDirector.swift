import Dispatch
import Synchronization

/// Lets a schedule happen by the clock: begins and ends faults on its own queue.
final class FaultDirector: Sendable {
    private struct Timer: @unchecked Sendable {
        // Dispatch documents its sources as thread-safe.
        let source: any DispatchSourceTimer
    }
    private struct State {
        var schedule: FaultSchedule
        var next: FaultSchedule.Step?
        var ends: [(atSeconds: Double, camera: String, token: Int)] = []
        var timer: Timer?
    }
    private let state: Mutex<State>
    private let startedAt: DispatchTime
    private let begin: @Sendable (Misbehaviour, String) -> Int?
    private let end: @Sendable (Int, String) -> Void
    private let queue = DispatchQueue(label: "vedette.simulate.script")

    /// Starts. `begin` returns the token that `end` gets; both are called on a queue of the director's own.
    init(
        _ schedule: FaultSchedule, begin: @escaping @Sendable (Misbehaviour, String) -> Int?,
        end: @escaping @Sendable (Int, String) -> Void
    ) {
        var schedule = schedule
        let first = schedule.next()
        startedAt = .now()
        self.begin = begin
        self.end = end
        state = Mutex(State(schedule: schedule, next: first))
        let timer = DispatchSource.makeTimerSource(queue: queue)
        timer.setEventHandler { [weak self] in self?.tick() }
        let held = Timer(source: timer)
        state.withLock { $0.timer = held }
        timer.schedule(deadline: startedAt)
        held.source.activate()
    }

    deinit { stop() }

    /// Begins and ends nothing more, but for what is under way on the queue.
    func stop() {
        let timer = state.withLock { state in
            defer { state.timer = nil }
            return state.timer
        }
        timer?.source.cancel()
    }

    /// As `stop`, and waits for what is under way. Not from `begin` or `end`.
    func finish() {
        stop()
        queue.sync {}
    }

    private func tick() {
        let now = Double(DispatchTime.now().uptimeNanoseconds - startedAt.uptimeNanoseconds) / 1e9
        // Ends first: what follows at the same moment finds the camera well.
        let (ends, begins) = state.withLock { state -> ([(camera: String, token: Int)], [FaultSchedule.Step]) in
            guard state.timer != nil else { return ([], []) }
            let ends = state.ends.filter { $0.atSeconds <= now }.map { (camera: $0.camera, token: $0.token) }
            state.ends.removeAll { $0.atSeconds <= now }
            var begins: [FaultSchedule.Step] = []
            while let next = state.next, next.atSeconds <= now {
                begins.append(next)
                state.next = state.schedule.next()
            }
            return (ends, begins)
        }
        for entry in ends { end(entry.token, entry.camera) }
        for step in begins {
            guard let token = begin(step.fault, step.camera), let length = step.forSeconds else { continue }
            state.withLock { $0.ends.append((step.atSeconds + length, step.camera, token)) }
        }
        state.withLock { state in
            let due = [state.next?.atSeconds, state.ends.map(\.atSeconds).min()].compactMap(\.self).min()
            guard let due, let timer = state.timer else { return }
            timer.source.schedule(deadline: startedAt + .milliseconds(Int((due * 1000).rounded(.up))))
        }
    }
}
