/// A settings file or variable that is refused: says key, value, bound and where it stands.
package struct SettingsError: Error, Sendable, Hashable, CustomStringConvertible {
    package var description: String

    init(_ description: String) { self.description = description }
}
