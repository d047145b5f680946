/// How one list of lines becomes another: the lines of both in order, each told whether it stays, goes or comes.
package enum TextDiff {
    package enum Change: String, Sendable { case same, removed, added }

    package static func lines(from old: [String], to new: [String]) -> [(change: Change, text: String)] {
        var removed: Set<Int> = []
        var added: Set<Int> = []
        for change in new.difference(from: old) {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): added.insert(offset)
            }
        }
        var result: [(change: Change, text: String)] = []
        var before = 0
        var after = 0
        while before < old.count || after < new.count {
            if removed.contains(before) {
                result.append((.removed, old[before]))
                before += 1
            } else if added.contains(after) {
                result.append((.added, new[after]))
                after += 1
            } else {
                result.append((.same, old[before]))
                before += 1
                after += 1
            }
        }
        return result
    }
}
