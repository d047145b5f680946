internal import Domain

extension JobHooks {
    private static let export = "kind = '\(JobKind.export)'"
    private static let exportID = "(payload->>'export_id')::uuid"

    /// What happens to the export of a job that was given up.
    private static let exportFailed = """
        , dead_exports AS MATERIALIZED (
            SELECT \(exportID) AS export_id, reason FROM dead WHERE \(export)
        ), export_failed AS (
            UPDATE exports x SET state = 'failed', error = ended.reason, finished_at = clock.now
            FROM clock, dead_exports ended
            WHERE x.id = ended.export_id AND x.id = ANY (ARRAY(SELECT export_id FROM dead_exports)) AND x.state IN ('pending', 'running')
        )
        """
    private static let exportCancelled = """
        , dead_exports AS MATERIALIZED (
            SELECT \(exportID) AS export_id FROM dead WHERE \(export)
        ), export_cancelled AS (
            UPDATE exports x SET state = 'cancelled', error = 'cancelled', finished_at = clock.now
            FROM clock, dead_exports ended
            WHERE x.id = ended.export_id AND x.id = ANY (ARRAY(SELECT export_id FROM dead_exports)) AND x.state IN ('pending', 'running')
        )
        """
    /// Of a job that waits again, also where it had ended.
    private static func exportWaits(_ source: String) -> String {
        """
        , waiting_exports AS MATERIALIZED (
            SELECT \(exportID) AS export_id FROM \(source) WHERE \(export)
        ), export_waits AS (
            UPDATE exports x SET state = 'pending', progress = 0, error = NULL, finished_at = NULL
            FROM waiting_exports again
            WHERE x.id = again.export_id AND x.id = ANY (ARRAY(SELECT export_id FROM waiting_exports)) AND x.state IN ('running', 'failed', 'cancelled')
        )
        """
    }

    /// How exports follow the jobs that make them; that one is complete is written by who made it.
    static let exporting = JobHooks(
        kinds: [JobKind.export], bury: exportFailed, fail: exportFailed + exportWaits("retried"),
        release: exportWaits("released"), cancel: exportCancelled)
}
