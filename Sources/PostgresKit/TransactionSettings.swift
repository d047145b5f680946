/// Server settings that hold for one transaction (`SET LOCAL`), with names such as `program.word`.
package struct TransactionSettings: Sendable, Hashable {
    /// What begins a transaction with them.
    let beginning: String
    /// A statement that sets them within a transaction, and its parameters.
    let selection: String
    /// The same, and that prepared statements are planned for any parameters.
    let selectionPlannedOnce: String
    let words: [String]

    /// Nil where a name or value holds anything but ASCII letters, digits, `_`, `-` and, in names, one dot.
    package init?(_ settings: [(name: String, value: String)]) {
        func isWord(_ text: some StringProtocol) -> Bool {
            text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
        }
        var text = "BEGIN"
        for (name, value) in settings {
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && isWord($0) }), isWord(value) else { return nil }
            text += "; SET LOCAL \(name) = '\(value)'"
        }
        beginning = text
        selection =
            "SELECT "
            + settings.indices.map { "set_config($\($0 * 2 + 1), $\($0 * 2 + 2), true)" }.joined(separator: ", ")
        selectionPlannedOnce = selection + ", set_config('plan_cache_mode', 'force_generic_plan', true)"
        words = settings.flatMap { [$0.name, $0.value] }
    }
}
