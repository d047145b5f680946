/// A clip at fixed times of a site's day.
package struct ScheduleRule: Sendable, Hashable {
    package enum Weekday: String, Sendable, Hashable, CaseIterable, Codable {
        case mon, tue, wed, thu, fri, sat, sun
    }

    package enum Moment: Sendable, Hashable {
        /// Minutes after midnight by the site's clock.
        case at(minute: Int)
        /// Again and again, counted from the site's midnight on, each day anew.
        case every(seconds: Int)
    }

    /// Unique within the camera; the event's `trigger_label`.
    package var name: String
    package var moment: Moment
    /// Empty: every day.
    package var days: Set<Weekday>
    /// Seconds that each event lasts.
    package var seconds: Double

    package init(
        name: String, moment: Moment, days: Set<Weekday> = [], seconds: Double = TriggerRules.standardSeconds
    ) {
        self.name = name
        self.moment = moment
        self.days = days
        self.seconds = seconds
    }
}

/// What a camera's schedule must satisfy, wherever it comes from.
package enum ScheduleRules {
    package static let mostRules = 16
    /// The shortest and the longest distance of repeated clips.
    package static let everySeconds = 60...86_400

    /// What is wrong with a list of rules: the field and what it must be. Empty when it is fine.
    package static func complaints(_ rules: [ScheduleRule]) -> [(field: String, message: String)] {
        var complaints: [(field: String, message: String)] = []
        if rules.count > mostRules { complaints.append(("schedule", "must have at most \(mostRules) rules")) }
        for (index, rule) in rules.enumerated() {
            let place = "schedule[\(index)]"
            if let problem = CameraRules.problem(name: rule.name) { complaints.append(("\(place).name", problem)) }
            if rules[..<index].contains(where: { $0.name == rule.name }) {
                complaints.append(("\(place).name", "is the name of another rule"))
            }
            switch rule.moment {
            case .at(let minute):
                if !(0..<1440).contains(minute) {
                    complaints.append(("\(place).at", "must be a time of day, as in `06:30`"))
                }
            case .every(let seconds):
                if !everySeconds.contains(seconds) {
                    complaints.append(
                        (
                            "\(place).every_seconds",
                            "must be a whole number from \(everySeconds.lowerBound) to \(everySeconds.upperBound)"
                        ))
                }
            }
            if !TriggerRules.seconds.contains(rule.seconds) {
                complaints.append(("\(place).duration_seconds", "must be a number from 1 to 3600"))
            }
        }
        return complaints
    }

    /// Minutes after midnight of `06:30`; nil for anything but two digits, a colon and two digits within a day.
    package static func minute(ofDay text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy { 48 <= $0 && $0 <= 57 } }),
            let hour = UInt(parts[0]), let minute = UInt(parts[1]), hour < 24, minute < 60
        else { return nil }
        return Int(hour * 60 + minute)
    }

    /// `06:30`.
    package static func text(ofMinute minute: Int) -> String {
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
        return two(minute / 60) + ":" + two(minute % 60)
    }
}
