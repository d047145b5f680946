/// Why something asked of PostgreSQL did not happen.
///
/// `description` is fit for a log. The server's detail, which may quote a row and with it a secret, and the statement
/// appear in `debugDescription` only; values of parameters and passwords appear in neither.
package struct PostgresError: Error, Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// No connection, or it was lost. A statement under way may or may not have been carried out.
        case connection
        /// The server refused the statement; `sqlState` says why.
        case server
        /// A row did not hold what was asked of it, or a value cannot be sent.
        case data
        /// The pool or connection was closed, or no connection became free in time.
        case unavailable
        /// The embedded server could not be started or stopped.
        case cluster
    }

    package var kind: Kind
    /// One sentence: what failed, on which thing, what to do.
    package var message: String
    /// The five characters of SQLSTATE, where the server gave them.
    package var sqlState: String?
    /// The server's further words; may quote values of a row.
    package var detail: String?
    /// The constraint that was violated.
    package var constraint: String?
    /// The statement's text with its placeholders.
    package var statement: String?

    package init(
        _ kind: Kind, _ message: String, sqlState: String? = nil, detail: String? = nil, constraint: String? = nil,
        statement: String? = nil
    ) {
        self.kind = kind
        self.message = message
        self.sqlState = sqlState
        self.detail = detail
        self.constraint = constraint
        self.statement = statement
    }
}

extension PostgresError {
    package var isUniqueViolation: Bool { sqlState == "23505" }
    package var isForeignKeyViolation: Bool { sqlState == "23503" }
    package var isCheckViolation: Bool { sqlState == "23514" }
    /// Cancelled by a request or by `statement_timeout`.
    package var isCancelled: Bool { sqlState == "57014" }
    /// Serialization failure or deadlock: the same transaction may succeed when repeated.
    package var isWorthRepeating: Bool { sqlState == "40001" || sqlState == "40P01" }

    /// True where the database cannot be used now, as opposed to a statement that was wrong.
    package var isOutage: Bool {
        switch kind {
        case .connection, .unavailable, .cluster: true
        case .data: false
        case .server:
            // 08 connection, 53 out of resources, 57P shutdown or recovery
            sqlState.map { $0.hasPrefix("08") || $0.hasPrefix("53") || $0.hasPrefix("57P") } ?? false
        }
    }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String {
        var text = message
        if let sqlState { text += " [SQLSTATE \(sqlState)]" }
        return text
    }

    package var debugDescription: String {
        var text = description
        if let detail { text += "\ndetail: \(detail)" }
        if let constraint { text += "\nconstraint: \(constraint)" }
        if let statement { text += "\nstatement: \(statement)" }
        return text
    }
}
