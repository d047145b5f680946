/// An event as the API and the worker see it: the record, what people said, and where judging stands.
package struct EventDetail: Sendable, Hashable {
    package var record: EventRecord
    package var cameraName: String
    package var analysis: Event.Analysis
    /// Why the analysis is `failed` or `skipped`.
    package var analysisError: String?
    /// The current verdict (I9: `promote` moves this pointer).
    package var verdict: Verdict?
    package var reviewed: Bool
    package var starred: Bool
    package var note: String?
    /// Whole microseconds by the store's clock; moves with every change.
    package var changedAt: WallTime
    /// What people said it really was: the newest of the people whose word stands.
    package var feedback: Feedback?

    package init(
        record: EventRecord, cameraName: String, analysis: Event.Analysis, analysisError: String?, verdict: Verdict?,
        reviewed: Bool, starred: Bool, note: String?, changedAt: WallTime,
        feedback: Feedback? = nil
    ) {
        self.record = record
        self.cameraName = cameraName
        self.analysis = analysis
        self.analysisError = analysisError
        self.verdict = verdict
        self.reviewed = reviewed
        self.starred = starred
        self.note = note
        self.changedAt = changedAt
        self.feedback = feedback
    }
}

/// Filters and page of an events list; newest first, by (`triggeredAt`, `id`) descending.
package struct EventQuery: Sendable, Hashable {
    package var camera: Identifier<Camera>?
    package var site: Identifier<Site>?
    /// `from` ≤ `triggered_at` < `to`.
    package var from: WallTime?
    package var to: WallTime?
    package var kind: Event.Kind?
    package var state: Event.State?
    /// State of the current verdict.
    package var verdictState: Verdict.State?
    package var label: String?
    package var minimumConfidence: Double?
    package var reviewed: Bool?
    package var starred: Bool?
    /// Words looked for in camera name, summary, reason and note, case-insensitive.
    package var text: String?
    /// 1…200.
    package var limit: Int
    /// Only events strictly older than this position.
    package var after: EventPosition?

    package init(limit: Int = 50) { self.limit = limit }
}

/// A place in the events list.
package struct EventPosition: Sendable, Hashable {
    package var triggeredAt: WallTime
    package var id: Identifier<Event>

    package init(triggeredAt: WallTime, id: Identifier<Event>) {
        self.triggeredAt = triggeredAt
        self.id = id
    }
}
