/// Who did what, when, from where, and how it ended.
package struct AuditEntry: Sendable, Hashable {
    package var id: Identifier<AuditEntry>
    package var organization: Identifier<Organization>
    package var at: WallTime
    /// `user`, `key` or `nobody`.
    package var actorKind: String
    package var actorName: String
    /// As `PATCH /v1/events/{id}` or `sign-in`.
    package var action: String
    /// The address that was asked for, without its query.
    package var path: String
    /// The HTTP status of the answer.
    package var status: Int
    package var address: String
    package var requestID: String

    package init(
        id: Identifier<AuditEntry>, organization: Identifier<Organization>, at: WallTime, actorKind: String,
        actorName: String, action: String, path: String, status: Int, address: String, requestID: String
    ) {
        self.id = id
        self.organization = organization
        self.at = at
        self.actorKind = actorKind
        self.actorName = actorName
        self.action = action
        self.path = path
        self.status = status
        self.address = address
        self.requestID = requestID
    }
}
