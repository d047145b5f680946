/// The statements with the hooks of the kinds that they have to do with, and no others: even a hook that finds nothing to change
/// costs more than the statement around it.
struct JobStatementsByKind: Sendable {
    private let hooks: [JobHooks]
    /// For each set of hooks; its bits are places in `hooks`.
    private let sets: [JobStatements]

    init(hooks: [JobHooks]) {
        self.hooks = hooks
        sets = (0..<(1 << hooks.count)).map { set in
            JobStatements(hooks: hooks.enumerated().filter { set & (1 << $0.offset) != 0 }.map(\.element))
        }
    }

    /// For jobs of any kind.
    var all: JobStatements { sets[sets.count - 1] }

    func of(_ kinds: some Sequence<String>) -> JobStatements {
        var set = 0
        for kind in kinds {
            for (place, hook) in hooks.enumerated() where hook.kinds.contains(kind) { set |= 1 << place }
        }
        return sets[set]
    }
}
