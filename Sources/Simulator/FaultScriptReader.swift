import Foundation
import Yams

/// Reads a script from YAML or JSON; errors name the line.
struct FaultScriptReader {
    /// What messages call the script.
    let file: String

    func read(_ text: String) throws(SimulatorError) -> [FaultScript.Entry] {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw SimulatorError(.configuration, "\(file) is not YAML or JSON: \(error)")
        }
        guard let list = root?.sequence, !list.isEmpty else {
            throw SimulatorError(
                .configuration, "\(file) is not a list of faults; write lines as - {at: 20s, fault: drop}")
        }
        guard list.count <= 10_000 else {
            throw SimulatorError(.configuration, "\(file) has \(list.count) entries; at most 10000 are possible")
        }
        var entries: [FaultScript.Entry] = []
        for node in list { entries.append(try entry(node)) }
        return entries
    }

    private func entry(_ node: Node) throws(SimulatorError) -> FaultScript.Entry {
        guard let mapping = node.mapping else { throw refused(node, "not an entry with at and fault") }
        let values = Dictionary(mapping.map { ($0.key.string ?? "", $0.value) }) { $1 }
        guard let kind = values["fault"] else { throw refused(node, "fault is missing; use one of \(Self.names)") }
        guard let name = Misbehaviour.Name(rawValue: kind.string ?? "") else {
            throw refused(kind, "unknown fault \"\(kind.string ?? "")\"; use one of \(Self.names)")
        }
        let amount = name.amount
        let known = ["at", "camera", "fault", "for", "every"] + (amount.map { [$0.key] } ?? [])
        for (key, _) in mapping where !known.contains(key.string ?? "") {
            throw refused(
                key, "\(name.rawValue) has no \"\(key.string ?? "")\"; it takes \(known.joined(separator: ", "))")
        }
        guard let at = values["at"] else { throw refused(node, "at is missing; write when it begins, as 20s") }
        var value = 0.0
        if let amount {
            guard let given = values[amount.key] else {
                throw refused(node, "\(name.rawValue) needs \(amount.key) (\(amount.unit))")
            }
            guard let number = Double(given.string ?? ""), amount.range.contains(number) else {
                let range = "\(amount.range.lowerBound.formatted()) to \(amount.range.upperBound.formatted())"
                throw refused(given, "\(amount.key) is not a number from \(range) (\(amount.unit))")
            }
            value = number
        }
        if name.isInstant, let length = values["for"] {
            throw refused(length, "\(name.rawValue) happens once and has no length; leave out for")
        }
        let every = try values["every"].map { (node) throws(SimulatorError) in try seconds(node, "every", from: 0.1) }
        let length = try values["for"].map { (node) throws(SimulatorError) in try seconds(node, "for", from: 0.001) }
        if let every, !name.isInstant {
            guard let length, length < every else {
                throw refused(node, "what comes again every \(every) s needs a shorter for")
            }
        }
        var camera: String?
        if let named = values["camera"] {
            guard let text = named.string, !text.isEmpty else { throw refused(named, "camera is not a name") }
            camera = text == "*" ? nil : text
        }
        return FaultScript.Entry(
            atSeconds: try seconds(at, "at", from: 0), camera: camera, fault: Misbehaviour(name, amount: value),
            forSeconds: length, everySeconds: every)
    }

    /// `20s`, `500ms`, `2m`, `1h` or a number of seconds.
    private func seconds(_ node: Node, _ key: String, from least: Double) throws(SimulatorError) -> Double {
        let text = node.string ?? ""
        let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("", 1)]
        for (unit, factor) in units where text.hasSuffix(unit) {
            guard let number = Double(text.dropLast(unit.count)), number.isFinite else { break }
            let seconds = number * factor
            guard seconds >= least, seconds <= 31_536_000 else { break }
            return seconds
        }
        throw refused(node, "\(key) is \"\(text)\" and not a time; write 20s, 500ms, 2m or 1h")
    }

    private func refused(_ node: Node, _ reason: String) -> SimulatorError {
        SimulatorError(.configuration, "\(file)\(node.mark.map { ", line \($0.line)" } ?? ""): \(reason)")
    }

    private static let names = Misbehaviour.Name.allCases.map(\.rawValue).joined(separator: ", ")
}

extension FaultScript {
    /// Reads a script's entries from the text of a YAML or JSON file; `file` is what errors call it.
    package static func entries(from text: String, file: String) throws(SimulatorError) -> [Entry] {
        try FaultScriptReader(file: file).read(text)
    }
}
