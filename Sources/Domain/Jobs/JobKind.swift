/// The kinds of jobs that Vedette has. The queue itself knows nothing of them; they stand in its rows, so a kind keeps its word.
package enum JobKind {
    /// Judges an event, for the first time or because somebody asked again.
    package static let judgeEvent = "judge_event"
    /// Judges an event for a re-analysis.
    package static let judgeAgain = "reanalyze_event"
    package static let export = "export"

    /// Of an event, one job of kind `judgeEvent` waits at a time: its unique key.
    package static func key(judging event: Identifier<Event>) -> String { "\(judgeEvent):\(event)" }
}
