import Foundation

/// How much of a virtual machine's processors others had meanwhile: what makes figures of two runs different though the program is the
/// same.
struct StolenTime {
    private let before = StolenTime.now()

    /// Ticks of all processors: those that were taken, and all (`steal` and the sum in proc(5)).
    private static func now() -> (taken: Double, all: Double) {
        let text = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8)) ?? ""
        // Time for guests is contained in the first fields.
        let fields = text.prefix { $0 != "\n" }.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }
        return (fields.count == 8 ? fields[7] : 0, fields.reduce(0, +))
    }

    /// Since this was made, in percent.
    var percent: Double {
        let after = Self.now()
        return after.all > before.all ? 100 * (after.taken - before.taken) / (after.all - before.all) : 0
    }

    var description: String { String(format: "%.1f %% of the processors' time went to other guests", percent) }
}
