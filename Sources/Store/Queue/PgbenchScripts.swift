internal import Domain
internal import FoundationEssentials

/// The queue's own statements as scripts for PostgreSQL's `pgbench`, which drives them with next to no cost of its own: the
/// floor that a client of the queue can be compared with.
package enum PgbenchScripts {
    /// Kind of the jobs that the scripts add and take.
    package static let kind = "bench"

    private static let statements = JobStatements(hooks: [])

    /// Adds `count` jobs in one statement. `organization` is a UUID.
    package static func enqueue(count: Int, organization: String) -> String {
        if count == 1 {
            return filled(
                statements.insertOne,
                [
                    "NULL", "gen_random_uuid()", "'\(organization)'", "'\(kind)'", "'{}'", "0", "12", "0", "NULL",
                    "NULL",
                    "NULL::uuid", "''",
                ]) + ";\n"
        }
        func each(_ expression: String) -> String { "array_fill(\(expression), array[\(count)])" }
        return filled(
            statements.insert,
            [
                "NULL", "array(SELECT gen_random_uuid() FROM generate_series(1, \(count)))",
                each("'\(organization)'::uuid"), each("'\(kind)'::text"), each("'{}'::jsonb"), each("0"), each("12"),
                each("0::float8"), each("NULL::text"), each("NULL::uuid"), "NULL::uuid", "''",
            ]) + ";\n"
    }

    /// Takes up to `count` jobs in one statement and completes them in another.
    package static func claimAndComplete(count: Int) -> String {
        let claim = filled(
            statements.claim,
            [
                "NULL", "'{\(kind)}'", "\(count)", "'pgbench'", "60::float8", "'{}'", "'{}'",
                "\(JobPriority.leastUrgent.rawValue)",
            ])
        // The rows as two arrays, which is what a script can keep.
        let end = claim.firstRange(of: "SELECT taken.* FROM clock")?.lowerBound ?? claim.endIndex
        let taking =
            claim[..<end]
            + "SELECT coalesce(array_agg(id), '{}') AS ids, coalesce(array_agg(lease_token), '{}') AS tokens FROM clock, taken "
            + "WHERE relaxed = 'off'"
        let completing = filled(
            statements.complete,
            ["NULL", ":ids", ":tokens", "array_fill(NULL::jsonb, array[coalesce(array_length(:ids::uuid[], 1), 0)])"])
        return "\(taking) \\gset\n\(completing);\n"
    }

    private static func filled(_ statement: String, _ values: [String]) -> String {
        var text = statement
        for (index, value) in values.enumerated().reversed() {
            text = text.replacing("$\(index + 1)", with: value)
        }
        return text
    }
}
