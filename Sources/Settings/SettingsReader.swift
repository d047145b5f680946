/// A mapping that was compared with its rows: every key known, every value of the right kind and within bounds.
struct CheckedSettings {
    enum Value {
        case text(String)
        case number(Double)
        case flag(Bool)
        case texts([String])
        case points([(x: Double, y: Double)])
        case group(CheckedSettings)
        case groups([CheckedSettings])
    }
    private var values: [String: Value] = [:]
    private var origins: [String: String] = [:]
    var origin: String

    func text(_ key: String) -> String? { if case .text(let value)? = values[key] { value } else { nil } }
    func number(_ key: String) -> Double? { if case .number(let value)? = values[key] { value } else { nil } }
    func flag(_ key: String) -> Bool? { if case .flag(let value)? = values[key] { value } else { nil } }
    func texts(_ key: String) -> [String]? { if case .texts(let value)? = values[key] { value } else { nil } }
    func points(_ key: String) -> [(x: Double, y: Double)] {
        if case .points(let value)? = values[key] { value } else { [] }
    }
    /// Whether the key was given or has a default.
    func has(_ key: String) -> Bool { values[key] != nil }
    func group(_ key: String) -> CheckedSettings? { if case .group(let value)? = values[key] { value } else { nil } }
    func groups(_ key: String) -> [CheckedSettings] { if case .groups(let value)? = values[key] { value } else { [] } }
    /// Whether the key was written, be it with nothing in it but defaults.
    func isGiven(_ key: String) -> Bool { origins[key] != nil }
    /// Where the value was written, for errors found later.
    func origin(of key: String) -> String { origins[key] ?? origin }

    /// Compares `raw` with `rows`; `path` is the key's prefix in messages ("cameras[0].").
    init(_ raw: RawSetting, rows: [SettingRow], path: String) throws(SettingsError) {
        origin = raw.origin
        var pairs: [(key: String, value: RawSetting)] = []
        switch raw.content {
        case .map(let given): pairs = given
        case .empty: break
        default: throw SettingsError("`\(path.dropLast())` at \(raw.origin) must hold `key: value` lines")
        }
        for (key, value) in pairs where !rows.contains(where: { $0.key == key }) {
            let known = rows.map(\.key)
            var hint = "; known are: \(known.joined(separator: ", "))"
            if let guess = known.min(by: { distance($0, key) < distance($1, key) }), distance(guess, key) <= 3 {
                hint = "; did you mean `\(path)\(guess)`?"
            }
            throw SettingsError("unknown setting `\(path)\(key)` at \(value.origin)\(hint)")
        }
        for row in rows {
            var given = pairs.last { $0.key == row.key }?.value
            if case .empty? = given?.content { given = nil }
            if given == nil, let text = row.defaultText {
                given = try RawSetting.parse(yaml: "d: \(text)", fileName: "default")["d"]
            }
            guard let given else {
                if row.required {
                    throw SettingsError("`\(path)\(row.key)` is missing at \(raw.origin): \(row.sentence)")
                }
                if case .group(let inner) = row.kind {
                    values[row.key] = .group(
                        try CheckedSettings(
                            RawSetting(content: .map([]), origin: raw.origin), rows: inner, path: "\(path)\(row.key)."))
                }
                continue
            }
            origins[row.key] = given.origin
            values[row.key] = try Self.check(given, row: row, path: path)
        }
    }

    private static func check(_ raw: RawSetting, row: SettingRow, path: String) throws(SettingsError) -> Value {
        let name = "`\(path)\(row.key)`"
        func refused(_ text: String, _ bound: String) -> SettingsError {
            let shown = row.secret ? "(hidden)" : "`\(text)`"
            return SettingsError("\(name) is \(shown) at \(raw.origin), but must be \(bound)")
        }
        func scalar(_ bound: String) throws(SettingsError) -> String {
            guard case .scalar(let text) = raw.content else {
                throw SettingsError("\(name) at \(raw.origin) must be \(bound), not a list or mapping")
            }
            return text
        }
        let unit = row.unit.map { " \($0)" } ?? ""
        switch row.kind {
        case .text:
            return .text(try scalar("text"))
        case .number(let range):
            let bound = "a number from \(plain(range.lowerBound)) to \(plain(range.upperBound))\(unit)"
            let text = try scalar(bound)
            guard let number = Double(text), number.isFinite, range.contains(number) else {
                throw refused(text, bound)
            }
            return .number(number)
        case .integer(let range):
            let bound = "a whole number from \(range.lowerBound) to \(range.upperBound)\(unit)"
            let text = try scalar(bound)
            guard let number = Int(text), range.contains(number) else { throw refused(text, bound) }
            return .number(Double(number))
        case .flag:
            let text = try scalar("true or false")
            switch text.lowercased() {
            case "true", "yes", "on": return .flag(true)
            case "false", "no", "off": return .flag(false)
            default: throw refused(text, "true or false")
            }
        case .choice(let words):
            let bound = "one of " + words.joined(separator: ", ")
            let text = try scalar(bound)
            guard words.contains(text) else { throw refused(text, bound) }
            return .text(text)
        case .textList:
            guard case .list(let entries) = raw.content else {
                throw SettingsError("\(name) at \(raw.origin) must be a list, as in `[one, two]`")
            }
            return .texts(
                try entries.map { (entry) throws(SettingsError) in
                    guard case .scalar(let text) = entry.content else {
                        throw SettingsError("an entry of \(name) at \(entry.origin) must be text")
                    }
                    return text
                })
        case .points:
            let form = "a list of corners, as in `[[0, 0.5], [1, 0.5], [1, 1]]`"
            guard case .list(let entries) = raw.content else {
                throw SettingsError("\(name) at \(raw.origin) must be \(form)")
            }
            return .points(
                try entries.map { (entry) throws(SettingsError) in
                    guard case .list(let pair) = entry.content, pair.count == 2,
                        case .scalar(let across) = pair[0].content, case .scalar(let down) = pair[1].content,
                        let x = Double(across), let y = Double(down)
                    else { throw SettingsError("\(name) at \(entry.origin) must be \(form)") }
                    return (x, y)
                })
        case .group(let rows):
            return .group(try CheckedSettings(raw, rows: rows, path: "\(path)\(row.key)."))
        case .groupList(let identity, let rows):
            guard case .list(let entries) = raw.content else {
                throw SettingsError("\(name) at \(raw.origin) must be a list (`- \(identity): …`)")
            }
            var groups: [CheckedSettings] = []
            for (index, entry) in entries.enumerated() {
                let group = try CheckedSettings(entry, rows: rows, path: "\(path)\(row.key)[\(index)].")
                if let mine = group.text(identity), groups.contains(where: { $0.text(identity) == mine }) {
                    throw SettingsError(
                        "`\(path)\(row.key)[\(index)].\(identity)` is `\(mine)` at \(entry.origin), but another entry has that \(identity) already"
                    )
                }
                groups.append(group)
            }
            return .groups(groups)
        }
    }
}

/// A number without a needless ".0".
func plain(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
}

/// Levenshtein distance, for "did you mean".
private func distance(_ left: String, _ right: String) -> Int {
    let right = Array(right)
    var row = Array(0...right.count)
    for (i, character) in left.enumerated() {
        var previous = row[0]
        row[0] = i + 1
        for j in right.indices {
            let substituted = previous + (character == right[j] ? 0 : 1)
            previous = row[j + 1]
            row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[right.count]
}
