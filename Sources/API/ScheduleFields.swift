import Domain

/// One rule of a camera's schedule as clients see it.
struct ScheduleRuleDTO: Encodable, Sendable {
    var name: String
    @Nullable var at: String?
    @Nullable var everySeconds: Int?
    var days: [String]
    var durationSeconds: Double

    init(_ rule: ScheduleRule) {
        name = rule.name
        days = ScheduleRule.Weekday.allCases.filter(rule.days.contains).map(\.rawValue)
        durationSeconds = rule.seconds
        at = nil
        everySeconds = nil
        switch rule.moment {
        case .at(let minute): at = ScheduleRules.text(ofMinute: minute)
        case .every(let seconds): everySeconds = seconds
        }
    }
}

extension FieldReader {
    /// A camera's whole schedule; nil when absent or not valid.
    mutating func schedule() -> [ScheduleRule]? {
        let before = errors.count
        let rules = objects("schedule", maximumCount: ScheduleRules.mostRules) { $0.scheduleRule() }
        guard let rules, errors.count == before else { return nil }
        let complaints = ScheduleRules.complaints(rules)
        for complaint in complaints { complain(complaint.field, complaint.message) }
        return complaints.isEmpty ? rules : nil
    }

    private mutating func scheduleRule() -> ScheduleRule {
        if !has("name") { complain("name", "is needed") }
        let name = text("name") ?? ""
        let minute = parsed("at", "a time of day, as in `06:30`") { ScheduleRules.minute(ofDay: $0) }
        let every = integer("every_seconds", in: ScheduleRules.everySeconds)
        if errors.isEmpty, (minute == nil) == (every == nil) {
            complain("at", "or else `every_seconds` is needed, and not both")
        }
        let days = words("days", of: ScheduleRule.Weekday.allCases.map(\.rawValue)) ?? []
        let seconds = number("duration_seconds", in: TriggerRules.seconds) ?? TriggerRules.standardSeconds
        return ScheduleRule(
            name: name, moment: every.map { .every(seconds: $0) } ?? .at(minute: minute ?? 0),
            days: Set(days.compactMap(ScheduleRule.Weekday.init(rawValue:))), seconds: seconds)
    }
}
