/// One setting: the single declaration from which parsing, validation, `docs/reference/configuration.md` and the
/// example file follow.
package struct SettingRow: Sendable {
    /// What a value must look like.
    package indirect enum Kind: Sendable {
        case text
        /// A number within bounds, in the unit of the row.
        case number(ClosedRange<Double>)
        case integer(ClosedRange<Int>)
        case flag
        case choice([String])
        case textList
        /// A list of `[x, y]`.
        case points
        /// A mapping of further settings.
        case group([SettingRow])
        /// A list of mappings; each is told from the others by the setting named `identity`.
        case groupList(identity: String, [SettingRow])
    }

    package var key: String
    package var kind: Kind
    /// As it would stand in the file; nil: none, and if `required` its absence is an error.
    package var defaultText: String?
    package var required: Bool
    /// Never shown in logs or error messages.
    package var secret: Bool
    /// "seconds", "fraction of the picture" …
    package var unit: String?
    package var sentence: String

    init(
        _ key: String, _ kind: Kind, default defaultText: String? = nil, required: Bool = false, secret: Bool = false,
        unit: String? = nil, _ sentence: String
    ) {
        self.key = key
        self.kind = kind
        self.defaultText = defaultText
        self.required = required
        self.secret = secret
        self.unit = unit
        self.sentence = sentence
    }
}
