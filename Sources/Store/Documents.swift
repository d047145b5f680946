internal import Domain
internal import FoundationEssentials

/// What is kept as JSON inside rows.
enum Documents {
    private struct BoxDocument: Encodable {
        var x: Double
        var y: Double
        var width: Double
        var height: Double
        var at_seconds: Double?
        var zones: [String]?

        init(_ box: Box, atSeconds: Double? = nil, zones: [String]? = nil) {
            x = finite(box.x)
            y = finite(box.y)
            width = finite(box.width)
            height = finite(box.height)
            at_seconds = atSeconds.map(finite)
            self.zones = zones
        }

        init(_ reader: inout JSONReader) throws {
            var (x, y, width, height): (Double?, Double?, Double?, Double?)
            var atSeconds: Double?
            var zones: [String]?
            try reader.object { name, value in
                switch name {
                case "x": x = try value.number()
                case "y": y = try value.number()
                case "width": width = try value.number()
                case "height": height = try value.number()
                case "at_seconds": atSeconds = value.skipsNull() ? nil : try value.number()
                case "zones":
                    if value.skipsNull() { break }
                    var names: [String] = []
                    try value.array { names.append(try $0.string()) }
                    zones = names
                default: try value.skip()
                }
            }
            guard let x, let y, let width, let height else { throw reader.mismatch("whole box") }
            (self.x, self.y, self.width, self.height) = (x, y, width, height)
            at_seconds = atSeconds
            self.zones = zones
        }

        var box: Box { Box(x: x, y: y, width: width, height: height) }
    }

    /// One picture of `events.evidence`, by place: with names, reading it was a sixth of the database's time for a list of events.
    private struct EvidenceDocument: Encodable {
        var record: EvidenceRecord

        func encode(to encoder: any Encoder) throws {
            var places = encoder.unkeyedContainer()
            try places.encode(record.path)
            try places.encode(finite(record.atSeconds))
            try places.encode(record.widthPixels)
            try places.encode(record.heightPixels)
            try places.encode(record.sizeBytes)
            if let box = record.box { try places.encode(BoxDocument(box)) } else { try places.encodeNil() }
        }
    }

    static func text(_ boxes: [TimedBox]) throws -> String {
        try encode(boxes.map { BoxDocument($0.box, atSeconds: $0.atSeconds, zones: $0.zones) })
    }

    static func boxes(_ text: String) throws -> [TimedBox] {
        if text == "[]" { return [] }
        return try JSONReader.array(text) { reader in
            let document = try BoxDocument(&reader)
            return TimedBox(box: document.box, atSeconds: document.at_seconds ?? 0, zones: document.zones)
        }
    }

    private struct ZoneDocument: Codable {
        var name: String
        var kind: String
        var points: [[Double]]
        var sensitivity: Double?
        var minimum_area: Double?
    }

    static func text(_ zones: [Zone]) throws -> String {
        try encode(
            zones.map { zone in
                ZoneDocument(
                    name: zone.name, kind: zone.kind.rawValue,
                    points: zone.points.map { [finite($0.x), finite($0.y)] },
                    sensitivity: zone.sensitivity.map(finite), minimum_area: zone.minimumArea.map(finite))
            })
    }

    static func zones(_ text: String) throws -> [Zone] {
        if text == "[]" { return [] }
        return try JSONDecoder().decode([ZoneDocument].self, from: Data(text.utf8)).map { document in
            Zone(
                name: document.name, kind: Zone.Kind(rawValue: document.kind) ?? .include,
                points: document.points.filter { $0.count == 2 }.map { Zone.Point(x: $0[0], y: $0[1]) },
                sensitivity: document.sensitivity, minimumArea: document.minimum_area)
        }
    }

    private struct ScheduleDocument: Codable {
        var name: String
        var at: String?
        var every_seconds: Int?
        var days: [String]
        var duration_seconds: Double
    }

    static func text(_ schedule: [ScheduleRule]) throws -> String {
        try encode(
            schedule.map { rule in
                var document = ScheduleDocument(
                    name: rule.name,
                    days: ScheduleRule.Weekday.allCases.filter(rule.days.contains).map(\.rawValue),
                    duration_seconds: finite(rule.seconds))
                switch rule.moment {
                case .at(let minute): document.at = ScheduleRules.text(ofMinute: minute)
                case .every(let seconds): document.every_seconds = seconds
                }
                return document
            })
    }

    /// A rule that cannot be read is left out: the camera must be watched all the same.
    static func schedule(_ text: String) throws -> [ScheduleRule] {
        if text == "[]" { return [] }
        return try JSONDecoder().decode([ScheduleDocument].self, from: Data(text.utf8)).compactMap { document in
            let moment: ScheduleRule.Moment? =
                document.at.flatMap(ScheduleRules.minute(ofDay:)).map { .at(minute: $0) }
                ?? document.every_seconds.map { .every(seconds: $0) }
            return moment.map {
                ScheduleRule(
                    name: document.name, moment: $0, days: Set(document.days.compactMap(ScheduleRule.Weekday.init)),
                    seconds: document.duration_seconds)
            }
        }
    }

    private struct AudioTriggerDocument: Codable {
        var level_dbfs: Double
        var seconds: Double
        var hysteresis_db: Double
        var rearm_seconds: Double
    }

    static func text(_ trigger: AudioTrigger) throws -> String {
        try encode(
            AudioTriggerDocument(
                level_dbfs: finite(trigger.levelDBFS), seconds: finite(trigger.seconds),
                hysteresis_db: finite(trigger.hysteresisDB), rearm_seconds: finite(trigger.rearmSeconds)))
    }

    static func audioTrigger(_ text: String) throws -> AudioTrigger? {
        let document = try JSONDecoder().decode(AudioTriggerDocument.self, from: Data(text.utf8))
        return AudioTrigger(
            levelDBFS: document.level_dbfs, seconds: document.seconds, hysteresisDB: document.hysteresis_db,
            rearmSeconds: document.rearm_seconds)
    }

    static func text(_ evidence: [EvidenceRecord]) throws -> String {
        try encode(evidence.map { EvidenceDocument(record: $0) })
    }

    /// What `text` of evidence wrote.
    static func evidence(_ text: String) throws -> [EvidenceRecord] {
        try JSONReader.array(text) { reader in
            var place = 0
            var path = ""
            var atSeconds = 0.0
            var (width, height, size): (Int64, Int64, Int64) = (0, 0, 0)
            var box: Box?
            try reader.array { value in
                switch place {
                case 0: path = try value.string()
                case 1: atSeconds = try value.number()
                case 2: width = try value.integer()
                case 3: height = try value.integer()
                case 4: size = try value.integer()
                case 5: box = value.skipsNull() ? nil : try BoxDocument(&value).box
                default: try value.skip()
                }
                place += 1
            }
            guard place >= 6 else { throw reader.mismatch("whole evidence") }
            return EvidenceRecord(
                path: path, atSeconds: atSeconds, widthPixels: Int(width), heightPixels: Int(height), sizeBytes: size,
                box: box)
        }
    }

    private static func encode(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }

    /// JSON holds no infinity and no NaN; one such number must not keep an event out of the database for ever.
    private static func finite(_ value: Double) -> Double { value.isFinite ? value : 0 }
}
