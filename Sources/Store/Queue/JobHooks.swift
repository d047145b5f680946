/// What else a statement of the queue changes: further CTEs, each beginning with a comma, that read those named here.
///
/// The rows have the columns of `jobs`. A data-modifying CTE runs whether or not anything reads it.
struct JobHooks: Sendable {
    /// Of jobs of these kinds. Statements that have to do with others only are made without them.
    var kinds: Set<String>
    /// Reads `taken` (now leased).
    var claim = ""
    /// Reads `dead` (given up, `reason`).
    var bury = ""
    /// Reads `done` (gone from `jobs`, with `result`).
    var complete = ""
    /// Reads `retried` and `dead` (`reason`).
    var fail = ""
    /// Reads `released`: waits again.
    var release = ""
    /// Reads `dead`.
    var cancel = ""
}
