/// An installed PostgreSQL server.
struct ServerBinaries: Sendable {
    /// Holds `initdb`, `pg_ctl` and `postgres`.
    var folder: String
    /// Major version ("15").
    var version: String

    /// The newest that is installed under `root` as Debian lays it out, or the one of the version that an existing
    /// cluster needs.
    static func find(version needed: String?, root: String = "/usr/lib/postgresql") throws(PostgresError)
        -> ServerBinaries
    {
        let found = Files.names(in: root)
            .filter {
                Int($0) != nil && Files.exists("\(root)/\($0)/bin/pg_ctl") && Files.exists("\(root)/\($0)/bin/initdb")
            }
            .sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }
        guard let needed else {
            guard let newest = found.first else {
                throw PostgresError(
                    .cluster,
                    "no PostgreSQL server is installed under \(root); install postgresql-15 (make deps), or set database_url"
                )
            }
            return ServerBinaries(folder: "\(root)/\(newest)/bin", version: newest)
        }
        guard found.contains(needed) else {
            let others = found.isEmpty ? "none" : found.joined(separator: ", ")
            throw PostgresError(
                .cluster,
                "the private database was made by PostgreSQL \(needed), which is not installed (installed: \(others)); install postgresql-\(needed), or move the data with pg_dump"
            )
        }
        return ServerBinaries(folder: "\(root)/\(needed)/bin", version: needed)
    }
}
