/// Server settings that hold for one transaction (`SET LOCAL`), with names such as `program.word`.
package struct TransactionSettings: Sendable, Hashable {
    /// Which settings, and the statements for them: made once, because every request needs them.
    package struct Names: Sendable, Hashable {
        fileprivate let all: [String]
        /// A statement that sets them within a transaction; its parameters are the values.
        fileprivate let selection: String
        /// The same, and that prepared statements are planned for any parameters.
        fileprivate let selectionPlannedOnce: String

        /// Nil where a name holds anything but ASCII letters, digits, `_`, `-` and one dot.
        package init?(_ names: [String]) {
            for name in names {
                let parts = name.split(separator: ".", omittingEmptySubsequences: false)
                guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && TransactionSettings.isWord($0) }) else {
                    return nil
                }
            }
            all = names
            selection =
                "SELECT "
                + names.enumerated().map { "set_config('\($1)', $\($0 + 1), true)" }.joined(separator: ", ")
            selectionPlannedOnce = selection + ", set_config('plan_cache_mode', 'force_generic_plan', true)"
        }
    }

    private let names: Names
    /// In the order of the names: parameters of `selection`.
    let values: [String]

    /// Nil where there is not a value for each name, or one holds anything but ASCII letters, digits, `_` and `-`.
    package init?(_ names: Names, _ values: [String]) {
        guard names.all.count == values.count, values.allSatisfy({ Self.isWord($0) }) else { return nil }
        self.names = names
        self.values = values
    }

    /// A statement that sets them within a transaction; its parameters are `values`.
    var selection: String { names.selection }
    /// The same, and that prepared statements are planned for any parameters.
    var selectionPlannedOnce: String { names.selectionPlannedOnce }
    /// What begins a transaction with them.
    var beginning: String {
        zip(names.all, values).reduce("BEGIN") { "\($0); SET LOCAL \($1.0) = '\($1.1)'" }
    }

    private static func isWord(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}
