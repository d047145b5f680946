internal import Domain
internal import PostgresKit

/// The statement for one page of an events list. Only fixed texts and placeholders go into the SQL.
struct EventListStatement {
    private(set) var sql: String
    private(set) var parameters: [PostgresValue]

    static let limits = 1...200

    init(_ query: EventQuery, of organization: Identifier<Organization>) {
        self.init(matching: query, of: organization, select: EventRow.select, parameters: [])
        let place = Place(query)
        sql += " ORDER BY \(place.time) DESC, \(place.id) DESC"
        parameters.append(.int(min(max(query.limit, Self.limits.lowerBound), Self.limits.upperBound)))
        sql += " LIMIT $\(parameters.count)"
    }

    /// The columns that say where an event stands in the order: by label they are those of the labels' table, whose index is in that
    /// order for each label.
    private struct Place {
        var time = "e.triggered_at"
        var id = "e.id"

        init(_ query: EventQuery) {
            guard query.label != nil else { return }
            time = "l.triggered_at"
            id = "l.event_id"
        }
    }

    /// All that match, whatever the query's limit, after `select`, which uses the given parameters and the aliases of
    /// `EventRow.select`.
    init(
        matching query: EventQuery, of organization: Identifier<Organization>, select: String,
        parameters given: [PostgresValue]
    ) {
        var conditions: [String] = []
        var parameters = given
        let place = Place(query)
        func add(_ values: [PostgresValue], _ condition: ([String]) -> String) {
            let names = values.indices.map { "$\(parameters.count + 1 + $0)" }
            parameters += values
            conditions.append(condition(names))
        }
        func add(_ value: PostgresValue, _ condition: (String) -> String) { add([value]) { condition($0[0]) } }

        add(.id(organization)) { "e.organization_id = \($0)" }
        conditions.append("e.state <> 'deleting'")
        if let camera = query.camera { add(.id(camera)) { "e.camera_id = \($0)" } }
        if let site = query.site { add(.id(site)) { "e.site_id = \($0)" } }
        if let from = query.from { add(.time(from)) { "\(place.time) >= \($0)" } }
        if let to = query.to { add(.time(to)) { "\(place.time) < \($0)" } }
        if let kind = query.kind { add(.text(kind.rawValue)) { "e.kind = \($0)" } }
        if let state = query.state { add(.text(state.rawValue)) { "e.state = \($0)" } }
        if let state = query.verdictState { add(.text(state.rawValue)) { "e.verdict_state = \($0)" } }
        if let label = query.label {
            add([.id(organization), .text(label.storable(limit: 1000))]) {
                "l.organization_id = \($0[0]) AND l.label = \($0[1])"
            }
        }
        if let minimum = query.minimumConfidence { add(.double(minimum)) { "e.verdict_confidence >= \($0)" } }
        // In the text, because their indexes hold only one of the values, and plans are made for any parameters.
        if let reviewed = query.reviewed { conditions.append(reviewed ? "e.reviewed" : "NOT e.reviewed") }
        if let starred = query.starred { conditions.append(starred ? "e.starred" : "NOT e.starred") }
        // Each word must be somewhere.
        for word in (query.text ?? "").split(whereSeparator: \.isWhitespace).prefix(16) {
            let pattern = "%" + Self.literal(String(word).storable(limit: 200)) + "%"
            add(.text(pattern)) { name in
                let columns = ["c.name", "v.summary", "v.reason", "e.note"]
                return "(" + columns.map { "\($0) ILIKE \(name)" }.joined(separator: " OR ") + ")"
            }
        }
        if let after = query.after {
            add([.time(after.triggeredAt), .id(after.id)]) { "(\(place.time), \(place.id)) < (\($0[0]), \($0[1]))" }
        }
        let labels = query.label == nil ? "" : " JOIN event_labels l ON l.event_id = e.id"
        sql = select + labels + " WHERE " + conditions.joined(separator: " AND ")
        self.parameters = parameters
    }

    /// For `LIKE`, with its special characters meaning themselves.
    private static func literal(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
    }
}
