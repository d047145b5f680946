import Domain

/// A definition with its newest version, as clients see it.
struct DefinitionDTO: Encodable, Sendable {
    var id: String
    var organizationId: String
    var name: String
    var scope: String
    @Nullable var siteId: String?
    @Nullable var cameraId: String?
    var createdAt: String
    var newest: VersionDTO

    init(_ definition: StoredDefinition) {
        id = definition.id.description
        organizationId = definition.organization.description
        name = definition.name
        switch definition.scope {
        case .organization: scope = "organization"
        case .named: scope = "named"
        case .site(let id):
            scope = "site"
            siteId = id.description
        case .camera(let id):
            scope = "camera"
            cameraId = id.description
        }
        createdAt = definition.createdAt.rfc3339
        newest = VersionDTO(definition.newest)
    }
}

struct ExampleDTO: Encodable, Sendable, Hashable {
    var pictureId: String
    var caption: String

    init(_ example: DefinitionExample) {
        pictureId = example.picture.description
        caption = example.caption
    }
}

/// Null parts are inherited.
struct VersionDTO: Encodable, Sendable {
    var id: String
    var definitionId: String
    var version: Int
    @Nullable var normal: String?
    @Nullable var labels: [String]?
    @Nullable var questions: [String]?
    @Nullable var examples: [ExampleDTO]?
    /// Null for the settings file.
    @Nullable var author: String?
    var createdAt: String

    init(_ version: StoredVersion) {
        id = version.id.description
        definitionId = version.definition.description
        self.version = version.version
        normal = version.parts.normal
        labels = version.parts.labels
        questions = version.parts.questions
        examples = version.parts.examples?.map(ExampleDTO.init)
        author = version.author
        createdAt = version.createdAt.rfc3339
    }
}

/// What counts for a camera, and where each part comes from.
struct EffectiveDTO: Encodable, Sendable {
    struct Source: Encodable, Sendable {
        var level: String
        var definitionId: String
        var version: Int

        init(_ leveled: LeveledVersion) {
            level = "\(leveled.level)"
            definitionId = leveled.definition.description
            version = leveled.version
        }
    }
    struct Sources: Encodable, Sendable {
        var normal: Source
        @Nullable var labels: Source?
        @Nullable var questions: Source?
        @Nullable var examples: Source?
    }
    var definitionId: String
    var version: Int
    var normal: String
    var labels: [String]
    var questions: [String]
    var examples: [ExampleDTO]
    var sources: Sources

    init(_ effective: EffectiveDefinition) {
        definitionId = effective.definition.definition.description
        version = effective.definition.version
        normal = effective.definition.normal
        labels = effective.definition.labels
        questions = effective.definition.questions
        examples = effective.definition.examples.map(ExampleDTO.init)
        sources = Sources(
            normal: Source(effective.normalFrom), labels: effective.labelsFrom.map(Source.init),
            questions: effective.questionsFrom.map(Source.init), examples: effective.examplesFrom.map(Source.init))
    }
}

/// How one version became another. A part that is the same in both is null.
struct DiffDTO: Encodable, Sendable {
    struct Line: Encodable, Sendable {
        var change: String
        var text: String
    }
    struct Items<Item: Encodable & Sendable>: Encodable, Sendable {
        var added: [Item]
        var removed: [Item]
        /// Whether the part is inherited before and after.
        var wasInherited: Bool
        var isInherited: Bool
    }
    struct Lines: Encodable, Sendable {
        var lines: [Line]
        var wasInherited: Bool
        var isInherited: Bool
    }
    var from: Int
    var to: Int
    @Nullable var normal: Lines?
    @Nullable var labels: Items<String>?
    @Nullable var questions: Items<String>?
    @Nullable var examples: Items<ExampleDTO>?

    init(from old: StoredVersion, to new: StoredVersion) {
        from = old.version
        to = new.version
        if old.parts.normal != new.parts.normal {
            func lines(_ text: String?) -> [String] {
                text.map { $0.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) } ?? []
            }
            normal = Lines(
                lines: TextDiff.lines(from: lines(old.parts.normal), to: lines(new.parts.normal)).map {
                    Line(change: $0.change.rawValue, text: $0.text)
                }, wasInherited: old.parts.normal == nil, isInherited: new.parts.normal == nil)
        }
        labels = Self.items(old.parts.labels, new.parts.labels)
        questions = Self.items(old.parts.questions, new.parts.questions)
        examples = Self.items(old.parts.examples?.map(ExampleDTO.init), new.parts.examples?.map(ExampleDTO.init))
    }

    private static func items<Item: Encodable & Sendable & Hashable>(_ old: [Item]?, _ new: [Item]?) -> Items<Item>? {
        if old == new { return nil }
        return Items(
            added: (new ?? []).filter { !(old ?? []).contains($0) },
            removed: (old ?? []).filter { !(new ?? []).contains($0) }, wasInherited: old == nil,
            isInherited: new == nil)
    }
}
