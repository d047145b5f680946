import Domain
import Foundation
import Glibc

/// Lines about re-analyses: for people, or one JSON object each.
struct ReanalysisPrinter {
    let json: Bool
    /// Progress is one line that changes.
    private let isTerminal = isatty(STDOUT_FILENO) == 1

    init(json: Bool) { self.json = json }

    func show(_ reanalysis: Reanalysis, note: String? = nil, isLast: Bool = false) {
        if json { return line(object(reanalysis)) }
        if isLast, isTerminal { print() }
        let reason = reanalysis.reason.map { " (\($0))" } ?? ""
        write(
            "\(reanalysis.id)  \(reanalysis.state.rawValue)\(reason)  \(words(reanalysis.progress))"
                + (note.map { "  \($0)" } ?? ""))
    }

    func progress(_ reanalysis: Reanalysis) {
        if json { return line(object(reanalysis)) }
        let text = words(reanalysis.progress)
        if isTerminal {
            print("\r\u{1B}[K\(text)", terminator: "")
            fflush(nil)
        } else {
            write(text)
        }
    }

    func show(_ estimate: ReanalysisEstimate) {
        if json {
            return line([
                "dry_run": true, "events": estimate.events, "seconds_of_work": estimate.seconds ?? NSNull(),
                "tokens": estimate.tokens ?? NSNull(), "money": estimate.money ?? NSNull(),
            ])
        }
        let seconds = estimate.seconds.map { "\(Int($0.rounded(.up))) s of work" } ?? "unknown time"
        let tokens = estimate.tokens.map { "\(Int($0)) tokens" } ?? "unknown tokens"
        let money = estimate.money.map { String(format: "%.4f money", $0) } ?? "unknown money"
        write("\(estimate.events) events, about \(seconds), \(tokens), \(money); nothing was begun")
    }

    func show(_ change: ReanalysisChange) {
        let old = change.old?.rawValue
        let new = change.new?.rawValue
        if json { return line(["old": old ?? NSNull(), "new": new ?? NSNull(), "events": change.events]) }
        write("\(old ?? "none") -> \(new ?? "none"): \(change.events)")
    }

    private func words(_ progress: ReanalysisProgress) -> String {
        let ended = progress.done + progress.failed
        var parts = ["\(ended) of \(progress.events)"]
        if progress.failed > 0 { parts.append("\(progress.failed) failed") }
        if progress.eventsPerSecond > 0 { parts.append(String(format: "%.2f/s", progress.eventsPerSecond)) }
        if progress.left > 0, let left = progress.secondsLeft { parts.append("\(Int(left.rounded(.up))) s left") }
        parts.append("\(progress.tokens) tokens")
        if progress.money > 0 { parts.append(String(format: "%.4f money", progress.money)) }
        return parts.joined(separator: ", ")
    }

    private func object(_ reanalysis: Reanalysis) -> [String: Any] {
        let progress = reanalysis.progress
        return [
            "id": reanalysis.id.description, "state": reanalysis.state.rawValue,
            "reason": reanalysis.reason ?? NSNull(),
            "events": progress.events, "done": progress.done, "failed": progress.failed,
            "events_per_second": progress.eventsPerSecond, "seconds_left": progress.secondsLeft ?? NSNull(),
            "tokens": progress.tokens, "money": progress.money,
        ]
    }

    private func line(_ object: [String: Any]) {
        guard let data = try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]) else { return }
        write(String(decoding: data, as: UTF8.self))
    }

    private func write(_ text: String) {
        print(text)
        fflush(nil)
    }
}
