import Domain
import Hummingbird

/// Reads a definition's parts from a body, and copies the pictures of events that they name.
struct DefinitionReader {
    let definitions: any DefinitionStore
    let events: any EventStore
    /// The bytes of a path under the media folder; nil where it is not there.
    let readMedia: @Sendable (String) async -> [UInt8]?
    let clock: any WallClock

    /// An example as it was given.
    struct GivenExample: Sendable {
        var picture: Identifier<ReferencePicture>?
        var event: Identifier<Event>?
        /// From 1.
        var number: Int
        var caption: String
    }

    struct Given: Sendable {
        /// Without examples.
        var parts: DefinitionParts
        var examples: [GivenExample]?
    }

    static func read(_ fields: inout FieldReader) -> Given {
        var parts = DefinitionParts()
        parts.normal = fields.text("normal", maximumLength: 8000, nullable: true)
        if let labels = fields.texts("labels", maximumCount: DefinitionParts.maximumLabels, maximumLength: 100) {
            var seen: Set<String> = []
            parts.labels = labels.map { label in
                label.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
            }.filter { !$0.isEmpty && seen.insert($0).inserted }
        }
        if let questions = fields.texts(
            "questions", maximumCount: DefinitionParts.maximumQuestions, maximumLength: 300)
        {
            parts.questions = questions.filter { !$0.allSatisfy(\.isWhitespace) }
        }
        guard fields.has("examples"), fields.isThere("examples") else { return Given(parts: parts, examples: nil) }
        let examples = fields.objects("examples", maximumCount: DefinitionParts.maximumExamples) { fields in
            let example = GivenExample(
                picture: fields.parsed("picture_id", "a UUID") { Identifier($0) },
                event: fields.parsed("event_id", "a UUID") { Identifier($0) },
                number: fields.integer("evidence", in: 1...64) ?? 1,
                caption: fields.text("caption", maximumLength: 200, nullable: true) ?? "")
            if (example.picture == nil) == (example.event == nil) {
                fields.complain("picture_id", "give either picture_id or event_id")
            }
            return example
        }
        return Given(parts: parts, examples: examples)
    }

    /// With the examples' pictures kept.
    func parts(_ given: Given, _ organization: Identifier<Organization>) async throws -> DefinitionParts {
        var parts = given.parts
        guard let examples = given.examples else { return parts }
        var kept: [DefinitionExample] = []
        for example in examples {
            var picture = example.picture
            if let id = example.event {
                let record = try await events.event(id, of: organization).record
                guard record.evidence.indices.contains(example.number - 1) else {
                    throw Problem(.notFound, "the event has \(record.evidence.count) evidence pictures, from 1")
                }
                let evidence = record.evidence[example.number - 1]
                guard let jpeg = await readMedia(evidence.path), !jpeg.isEmpty,
                    jpeg.count <= ReferencePicture.maximumBytes
                else { throw Problem(.notFound, "the event's picture is not there, or is larger than 1 MiB") }
                picture = try await definitions.keep(
                    ReferencePicture(
                        id: .make(at: clock.now), camera: record.camera, jpeg: jpeg,
                        widthPixels: evidence.widthPixels, heightPixels: evidence.heightPixels), of: organization)
            }
            if let picture {
                kept.append(DefinitionExample(picture: picture, caption: example.caption))
            }
        }
        parts.examples = kept
        return parts
    }
}
