/// Something other than motion that asks for a clip.
package struct Trigger: Sendable, Hashable {
    /// Anything but `motion`.
    package var kind: Event.Kind
    /// Words of whoever asked: who, why, which schedule, what kind of tampering.
    package var label: String?
    /// Seconds of the stream that the event lasts from the trigger on; the clip adds pre-roll and post-roll.
    package var seconds: Double

    package init(kind: Event.Kind, label: String? = nil, seconds: Double = TriggerRules.standardSeconds) {
        self.kind = kind
        self.label = label
        self.seconds = seconds
    }
}

/// What a trigger that comes from outside must satisfy.
package enum TriggerRules {
    package static let seconds = 1.0...3600.0
    package static let standardSeconds = 10.0
    package static let longestLabel = 100

    /// Why a label is refused; nil when it is fine.
    package static func problem(label: String) -> String? {
        let isPlain = label.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }
        guard !label.isEmpty, label.count <= longestLabel, isPlain else {
            return "must be 1 to \(longestLabel) characters without line breaks"
        }
        return nil
    }
}

/// What a trigger brought about.
package struct TriggerReceipt: Sendable, Hashable {
    package var event: Identifier<Event>
    /// True when an event of the kind was running, which now lasts at least as long as was asked for.
    package var joined: Bool
    /// The instant in the stream at which it was taken, and at which the event will be over if nothing extends it.
    package var triggeredAt: WallTime
    package var endsAt: WallTime

    package init(event: Identifier<Event>, joined: Bool, triggeredAt: WallTime, endsAt: WallTime) {
        self.event = event
        self.joined = joined
        self.triggeredAt = triggeredAt
        self.endsAt = endsAt
    }
}
