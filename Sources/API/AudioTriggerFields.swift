import Domain

/// When a camera's sound asks for a clip, as clients see it.
struct AudioTriggerDTO: Encodable, Sendable {
    var levelDbfs: Double
    var seconds: Double
    var hysteresisDb: Double
    var rearmSeconds: Double

    init(_ trigger: AudioTrigger) {
        levelDbfs = trigger.levelDBFS
        seconds = trigger.seconds
        hysteresisDb = trigger.hysteresisDB
        rearmSeconds = trigger.rearmSeconds
    }
}

extension FieldReader {
    /// Merges the body's `audio_trigger` into what there is, member by member (RFC 7396): null switches it off, a member that is
    /// null goes back to its default.
    mutating func audioTrigger(over base: AudioTrigger?) -> AudioTrigger? {
        guard has("audio_trigger") else { return base }
        guard isThere("audio_trigger") else { return nil }
        return object("audio_trigger") { fields in
            var trigger = base ?? AudioTrigger(levelDBFS: 0)
            for bound in AudioTriggerRules.bounds {
                let isGiven = fields.has(bound.key), isNull = isGiven && !fields.isThere(bound.key)
                if let number = fields.number(bound.key, in: bound.range, nullable: true) {
                    trigger[keyPath: bound.field] = number
                } else if isNull, let standard = bound.standard {
                    trigger[keyPath: bound.field] = standard
                } else if bound.standard == nil, isNull || base == nil && !isGiven {
                    fields.complain(bound.key, "is needed")
                }
            }
            return trigger
        }
    }
}
