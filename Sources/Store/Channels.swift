internal import Domain
internal import PostgresKit

/// The channels of `NOTIFY`, and what their payloads hold.
enum Channel {
    /// `<created|updated|deleted> <event> <organization> <microseconds since the epoch>`
    static let events = "vedette_events"
    /// The kind of job.
    static let jobs = "vedette_jobs"
    /// The camera's id.
    static let cameras = "vedette_cameras"

    /// Nothing: whom some secret belongs to may have changed.
    static let access = "vedette_access"

    static let all = [events, jobs, cameras, access]

    /// SQL that tells of events; the row source must have `id` and `organization_id`.
    static func notifyEvent(_ kind: EventChange.Kind, id: String, organization: String) -> String {
        """
        pg_notify('\(events)', concat_ws(' ', '\(kind.rawValue)', \(id), \(organization), \
        (extract(epoch FROM clock_timestamp()) * 1000000)::bigint))
        """
    }

    struct EventPayload {
        var change: EventChange
        var microseconds: Int64

        init?(_ payload: String) {
            let parts = payload.split(separator: " ")
            guard parts.count == 4, let kind = EventChange.Kind(rawValue: String(parts[0])),
                let event = Identifier<Event>(parts[1]), let organization = Identifier<Organization>(parts[2]),
                let microseconds = Int64(parts[3])
            else { return nil }
            change = EventChange(
                kind: kind, event: event, organization: organization,
                at: WallTime(PostgresTimestamp(microsecondsSinceEpoch: microseconds)))
            self.microseconds = microseconds
        }
    }
}
