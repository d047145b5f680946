/// What the ladder's audits found: whole GOPs decoded at random moments while the camera was asleep.
package struct MissEstimate: Sendable, Hashable {
    /// Audits done, the video time they covered, and the movements in them that no sensor had shown.
    package private(set) var audits = 0
    package private(set) var auditedSeconds = 0.0
    package private(set) var misses = 0

    package init() {}

    package mutating func record(seconds: Double, missed: Bool) {
        audits += 1
        auditedSeconds += max(seconds, 0)
        if missed { misses += 1 }
    }

    /// Movements an hour asleep that the sensors do not show; nil before the first audit.
    package var missesPerHour: Double? {
        auditedSeconds > 0 ? Double(misses) * 3600 / auditedSeconds : nil
    }
}
