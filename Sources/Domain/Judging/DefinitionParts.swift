/// A picture that shows what normal looks like, kept beyond the event that it is of. A name space for its identifier.
package struct ReferencePicture: Sendable, Hashable {
    package var id: Identifier<ReferencePicture>
    package var camera: Identifier<Camera>
    /// The JPEG file's bytes.
    package var jpeg: [UInt8]
    package var widthPixels: Int
    package var heightPixels: Int

    /// Bytes of the largest that is taken.
    package static let maximumBytes = 1 << 20

    package init(
        id: Identifier<ReferencePicture>, camera: Identifier<Camera>, jpeg: [UInt8], widthPixels: Int, heightPixels: Int
    ) {
        self.id = id
        self.camera = camera
        self.jpeg = jpeg
        self.widthPixels = widthPixels
        self.heightPixels = heightPixels
    }
}

/// One of a definition's examples of normal.
package struct DefinitionExample: Sendable, Hashable {
    package var picture: Identifier<ReferencePicture>
    /// What it shows, in the owner's words.
    package var caption: String

    package init(picture: Identifier<ReferencePicture>, caption: String) {
        self.picture = picture
        self.caption = caption
    }
}

/// What one version of a definition says itself; nil is taken from the level above.
package struct DefinitionParts: Sendable, Hashable {
    package var normal: String?
    package var labels: [String]?
    package var questions: [String]?
    package var examples: [DefinitionExample]?

    package static let maximumLabels = 64
    package static let maximumQuestions = 8
    package static let maximumExamples = 4

    package init(
        normal: String? = nil, labels: [String]? = nil, questions: [String]? = nil, examples: [DefinitionExample]? = nil
    ) {
        self.normal = normal
        self.labels = labels
        self.questions = questions
        self.examples = examples
    }
}

/// Whose words count: each level's stand before those of the one before it.
package enum DefinitionLevel: Int, Sendable, Comparable, CaseIterable {
    case organization, site, camera
    /// Named for one judging, or not saved.
    case chosen

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A version at its level.
package struct LeveledVersion: Sendable, Hashable {
    package var level: DefinitionLevel
    package var id: Identifier<DefinitionVersion>
    package var definition: Identifier<Definition>
    /// 0 for one that is not saved.
    package var version: Int
    package var parts: DefinitionParts

    package init(
        level: DefinitionLevel, id: Identifier<DefinitionVersion>, definition: Identifier<Definition>, version: Int,
        parts: DefinitionParts
    ) {
        self.level = level
        self.id = id
        self.definition = definition
        self.version = version
        self.parts = parts
    }
}

/// What counts for a camera, and where each part comes from.
package struct EffectiveDefinition: Sendable, Hashable {
    /// Its identity is that of the last level.
    package var definition: DefinitionVersion
    package var normalFrom: LeveledVersion
    /// Nil where nobody says anything.
    package var labelsFrom: LeveledVersion?
    package var questionsFrom: LeveledVersion?
    package var examplesFrom: LeveledVersion?

    /// Of two at the same level the later stands before the other. Nil where nobody says what is normal.
    package init?(_ versions: [LeveledVersion]) {
        let levels = versions.enumerated().sorted { ($0.element.level, $0.offset) < ($1.element.level, $1.offset) }
            .map(\.element)
        func last(_ has: (DefinitionParts) -> Bool) -> LeveledVersion? { levels.last { has($0.parts) } }
        guard let top = levels.last, let normalFrom = last({ $0.normal != nil }) else { return nil }
        self.normalFrom = normalFrom
        labelsFrom = last { $0.labels != nil }
        questionsFrom = last { $0.questions != nil }
        examplesFrom = last { $0.examples != nil }
        definition = DefinitionVersion(
            id: top.id, definition: top.definition, version: top.version, normal: normalFrom.parts.normal ?? "",
            labels: labelsFrom?.parts.labels ?? [], questions: questionsFrom?.parts.questions ?? [],
            examples: examplesFrom?.parts.examples ?? [])
    }
}
