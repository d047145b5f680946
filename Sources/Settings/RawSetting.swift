import Yams

/// A value as written, with where it was written, before it is compared with the table.
struct RawSetting {
    indirect enum Content {
        case scalar(String)
        case list([RawSetting])
        case map([(key: String, value: RawSetting)])
        case empty
    }
    var content: Content
    /// "line 12 of site.yaml" or "the environment variable VEDETTE_LISTEN".
    var origin: String

    /// Reads YAML; the top level must be a mapping or nothing.
    static func parse(yaml: String, fileName: String) throws(SettingsError) -> RawSetting {
        do {
            guard let node = try Yams.compose(yaml: yaml) else {
                return RawSetting(content: .map([]), origin: fileName)
            }
            let raw = try convert(node, fileName: fileName)
            switch raw.content {
            case .map: return raw
            case .empty: return RawSetting(content: .map([]), origin: fileName)
            default: throw SettingsError("\(fileName) must hold `key: value` lines, not a list or a single value")
            }
        } catch let error as SettingsError {
            throw error
        } catch let error as YamlError {
            throw SettingsError("\(fileName) is not valid YAML: \(error)")
        } catch {
            throw SettingsError("\(fileName) cannot be read as YAML: \(error)")
        }
    }

    private static func convert(_ node: Node, fileName: String) throws -> RawSetting {
        let origin = node.mark.map { "line \($0.line) of \(fileName)" } ?? fileName
        switch node {
        case .scalar(let scalar):
            let isNull = scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
            return RawSetting(content: isNull ? .empty : .scalar(scalar.string), origin: origin)
        case .sequence(let sequence):
            return RawSetting(content: .list(try sequence.map { try convert($0, fileName: fileName) }), origin: origin)
        case .mapping(let mapping):
            let pairs = try mapping.map { key, value in
                guard let name = key.string else { throw SettingsError("a key at \(origin) is not plain text") }
                var converted = try convert(value, fileName: fileName)
                // An error in a value should point at its key's line.
                if let mark = key.mark { converted.origin = "line \(mark.line) of \(fileName)" }
                return (key: name, value: converted)
            }
            return RawSetting(content: .map(pairs), origin: origin)
        case .alias:
            throw SettingsError("\(origin): YAML aliases are not supported")
        }
    }

    subscript(key: String) -> RawSetting? {
        guard case .map(let pairs) = content else { return nil }
        return pairs.last { $0.key == key }?.value
    }

    /// Sets `key` of a mapping, replacing what was there.
    mutating func set(_ key: String, _ value: RawSetting) {
        guard case .map(var pairs) = content else { return }
        pairs.removeAll { $0.key == key }
        pairs.append((key, value))
        content = .map(pairs)
    }
}
