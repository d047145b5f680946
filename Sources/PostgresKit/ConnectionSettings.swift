internal import CPostgres

/// How to reach a database and how long to wait for it.
package struct ConnectionSettings: Sendable, Hashable {
    /// A libpq connection string or `postgresql://` URL. May hold a password: never printed.
    package var connectionString: String
    /// Shown by the server in `pg_stat_activity`.
    package var applicationName: String
    /// For each address tried while connecting; libpq's own resolution is whole seconds, at least 2.
    package var connectTimeoutSeconds: Int
    /// The server ends a statement after this; 0 for never.
    package var statementTimeoutSeconds: Double
    /// The role that the session acts as, of which the user is a member; nil for the user itself.
    package var role: String?
    /// Further settings of each session by name; fixed words only, never from outside.
    package var session: [String: String] = [:]

    package init(
        _ connectionString: String, applicationName: String = "vedette", connectTimeoutSeconds: Int = 5,
        statementTimeoutSeconds: Double = 30, role: String? = nil
    ) {
        self.connectionString = connectionString
        self.applicationName = applicationName
        self.connectTimeoutSeconds = connectTimeoutSeconds
        self.statementTimeoutSeconds = statementTimeoutSeconds
        self.role = role
    }

    /// Where it leads, without user or password: `database "vedette" on 10.0.0.5:5432`. Throws `PostgresError` of kind
    /// `data` where the connection string cannot be read.
    package func target() throws(PostgresError) -> String { try parsed().target }

    struct Parsed {
        var target: String
        var password: String?
    }

    func parsed() throws(PostgresError) -> Parsed {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(connectionString, &message) else {
            // libpq's message may quote the string and with it a password.
            PQfreemem(message)
            throw PostgresError(
                .data,
                "the database URL cannot be read; it looks like postgresql://user:password@host:5432/database, with special characters in the password percent-encoded"
            )
        }
        defer { PQconninfoFree(options) }
        var values: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        let host = values["host"] ?? values["hostaddr"] ?? "the default socket"
        let place = host.hasPrefix("/") || values["port"] == nil ? host : "\(host):\(values["port"] ?? "")"
        return Parsed(target: "database \"\(values["dbname"] ?? "")\" on \(place)", password: values["password"])
    }
}

extension ConnectionSettings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { (try? target()) ?? "an unreadable database URL" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["target": description]) }
}

extension PostgresError {
    /// The same with `secret` blotted out wherever a message quotes it.
    func hiding(_ secret: String?) -> PostgresError {
        guard let secret, !secret.isEmpty else { return self }
        var copy = self
        copy.message = message.replacing(secret, with: "…")
        copy.detail = detail?.replacing(secret, with: "…")
        return copy
    }
}
