/// Lays `VEDETTE_…` variables over what the file says.
///
/// `VEDETTE_LISTEN` is `listen`; `VEDETTE_POLICY_MODE` is `policy.mode`; an entry of a list is named by its place or by
/// its name: `VEDETTE_CAMERAS_0_URL`, `VEDETTE_CAMERAS_GATE_URL`. Lists of words are separated by commas.
enum EnvironmentOverrides {
    /// Variables with the prefix that are not settings.
    static let reserved: Set<String> = ["VEDETTE_CONFIG", "VEDETTE_SHARED"]

    static func apply(_ environment: [String: String], to root: inout RawSetting) throws(SettingsError) {
        let mine = environment.keys.filter { $0.hasPrefix("VEDETTE_") && !reserved.contains($0) }.sorted()
        for variable in mine {
            guard let text = environment[variable] else { continue }
            let applied = try set(
                variable.dropFirst("VEDETTE_".count), rows: SettingsTable.rows, in: &root, text: text,
                variable: variable)
            if !applied {
                throw SettingsError(
                    "the environment variable \(variable) names no setting; see docs/reference/configuration.md or unset it"
                )
            }
        }
    }

    private static func set(
        _ path: Substring, rows: [SettingRow], in map: inout RawSetting, text: String, variable: String
    ) throws(SettingsError) -> Bool {
        let origin = "the environment variable \(variable)"
        for row in rows {
            let name = variableName(row.key)
            switch row.kind {
            case .group(let inner):
                guard path.hasPrefix(name + "_") else { continue }
                var value = map[row.key] ?? RawSetting(content: .map([]), origin: origin)
                if case .empty = value.content { value.content = .map([]) }
                if try set(
                    path.dropFirst(name.count + 1), rows: inner, in: &value, text: text, variable: variable)
                {
                    map.set(row.key, value)
                    return true
                }
            case .groupList(let identity, let inner):
                guard path.hasPrefix(name + "_") else { continue }
                let rest = path.dropFirst(name.count + 1)
                var entries: [RawSetting] = []
                if case .list(let present)? = map[row.key]?.content { entries = present }
                // An entry whose name is longer comes first, so that GATE_2 is not read as GATE.
                let candidates = (0...entries.count).flatMap { index -> [(prefix: String, index: Int)] in
                    var prefixes = ["\(index)_"]
                    if index < entries.count, case .scalar(let named)? = entries[index][identity]?.content {
                        prefixes.append(variableName(named) + "_")
                    }
                    return prefixes.map { ($0, index) }
                }.sorted { $0.prefix.count > $1.prefix.count }
                for candidate in candidates where rest.hasPrefix(candidate.prefix) {
                    var entry =
                        candidate.index < entries.count
                        ? entries[candidate.index] : RawSetting(content: .map([]), origin: origin)
                    if try set(
                        rest.dropFirst(candidate.prefix.count), rows: inner, in: &entry, text: text, variable: variable)
                    {
                        if candidate.index < entries.count {
                            entries[candidate.index] = entry
                        } else {
                            entries.append(entry)
                        }
                        map.set(row.key, RawSetting(content: .list(entries), origin: origin))
                        return true
                    }
                }
            case .textList:
                guard path == name else { continue }
                let words = text.split(separator: ",").map {
                    RawSetting(content: .scalar(String($0.trimmed)), origin: origin)
                }
                map.set(row.key, RawSetting(content: .list(words), origin: origin))
                return true
            case .points:
                guard path == name else { continue }
                guard let points = try RawSetting.parse(yaml: "d: \(text)", fileName: origin)["d"] else { continue }
                map.set(row.key, points)
                return true
            case .text, .number, .integer, .flag, .choice:
                guard path == name else { continue }
                map.set(row.key, RawSetting(content: text.isEmpty ? .empty : .scalar(text), origin: origin))
                return true
            }
        }
        return false
    }

    static func variableName(_ key: String) -> String {
        String(key.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }
}

extension StringProtocol {
    /// Without leading and trailing white space.
    var trimmed: SubSequence {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return self[startIndex..<startIndex] }
        return self[first...last]
    }
}
