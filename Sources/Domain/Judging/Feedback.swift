/// What a person says an event really was, whatever a verdict said.
package struct Feedback: Sendable, Hashable {
    package var id: Identifier<Feedback>
    package var event: Identifier<Event>
    /// The verdict that the person saw; nil where there was none.
    package var verdict: Identifier<Verdict>?
    package var author: Author
    /// Nil takes back what this author said before.
    package var state: Verdict.State?
    /// Lower case.
    package var labels: [String]
    package var note: String?
    package var createdAt: WallTime

    /// Who says it; the newest word of each counts.
    package struct Author: Sendable, Hashable {
        /// `user:<id>` or `key:<id>`.
        package var key: String
        /// For people; that of the time.
        package var name: String

        package init(key: String, name: String) {
            self.key = key
            self.name = name
        }

        package init(_ principal: Principal) {
            switch principal.actor {
            case .user(let id): key = "user:\(id)"
            case .key(let id): key = "key:\(id)"
            }
            name = principal.name
        }
    }

    package init(
        id: Identifier<Feedback>, event: Identifier<Event>, verdict: Identifier<Verdict>?, author: Author,
        state: Verdict.State?, labels: [String], note: String?, createdAt: WallTime
    ) {
        self.id = id
        self.event = event
        self.verdict = verdict
        self.author = author
        self.state = state
        self.labels = labels
        self.note = note
        self.createdAt = createdAt
    }
}
