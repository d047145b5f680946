import Domain

/// What other triggers than motion ask of a connection.
extension CameraConnection {
    /// A clip, from the newest picture's pre-roll on; nil while there is no picture.
    func trigger(_ trigger: Trigger) throws(TriggerRefusal) -> TriggerReceipt? {
        guard stream != nil, !isOver, let now = lastVideo else { return nil }
        return try fire(trigger, at: now)
    }

    /// `since` dates it back.
    @discardableResult
    func fire(_ trigger: Trigger, at time: MediaTime, since: MediaTime? = nil) throws(TriggerRefusal) -> TriggerReceipt
    {
        let outcome = triggers.fire(trigger, at: time, since: since)
        perform(outcome.actions, frame: nil, state: .ready)
        guard recordings[outcome.slot] != nil, let id = identifiers[outcome.slot], let at = clock.wall(time),
            let ends = clock.wall(outcome.ends)
        else {
            triggers.forget(outcome.slot)
            throw .notRecorded
        }
        analysis?.want(true, at: time)
        return TriggerReceipt(event: id, joined: outcome.joined, triggeredAt: at, endsAt: ends)
    }

    /// A picture has arrived: ends what is over, and begins what is due.
    func advanceTriggers(to unit: AccessUnit) {
        perform(triggers.advance(to: unit.presentation), frame: nil, state: .ready)
        for rule in schedule?.due(at: unit.arrivedAt) ?? [] {
            // A refusal was logged where the clip could not be opened.
            _ = try? fire(
                Trigger(kind: .schedule, label: rule.name, seconds: rule.seconds), at: unit.presentation)
        }
        analysis?.want(!triggers.isEmpty, at: unit.presentation)
    }

    /// Its clip begins where it began, as far as the ring reaches back.
    func report(_ finding: TamperWatch.Finding, at time: MediaTime) {
        logger.warning("the camera seems to have been tampered with", metadata: ["what": "\(finding.kind.rawValue)"])
        // A refusal was logged where the clip could not be opened.
        _ = try? fire(
            Trigger(kind: .tamper, label: finding.kind.rawValue), at: max(time, lastVideo ?? time), since: finding.since
        )
    }

    /// Where something moved in a picture.
    func note(_ activity: ActivityGrid?, at time: MediaTime) {
        guard let activity, !activity.isEmpty, let at = clock.wall(time) else { return }
        ports.activity?.note(activity, camera: camera.id, of: camera.organization, at: at)
    }

    /// A picture that was looked at belongs to the events that other triggers opened, too.
    func offerEvidence(_ frame: any DecodedFrame, at time: MediaTime, _ actions: [EventAction]) {
        let slots = triggers.slots(at: time)
        guard !slots.isEmpty else { return }
        var moving: (score: Double, boxes: [ZonedBox]) = (0, [])
        for case .moving(_, _, let score, let boxes) in actions { moving = (score, boxes) }
        for slot in slots {
            recordings[slot]?.moved(at: time, score: moving.score, boxes: moving.boxes, frame: frame)
        }
    }
}
