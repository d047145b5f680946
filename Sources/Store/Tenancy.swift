internal import Domain
internal import PostgresKit

/// The tasks that span tenants. Row security lets each see and change what it needs and nothing else (`docs/design/tenancy.md`).
enum Duty: String {
    /// Claims and finishes jobs.
    case queue
    /// Finds the cameras to read.
    case ingest
    /// Compares files and rows after a start.
    case settle
    /// Finds the events that changed.
    case feed
    /// Finds out who somebody is.
    case signIn = "sign_in"
}

extension Pool {
    /// I7: statements that see and change the rows of one tenant only; of those, what `RestrictedViewer.current` may see.
    func of(_ organization: Identifier<Organization>) -> Pool { scoped(organization.description, "") }

    /// Statements of a task that spans tenants.
    func on(_ duty: Duty) -> Pool { scoped("", duty.rawValue) }

    private static let tenancy = TransactionSettings.Names([
        "vedette.organization", "vedette.duty", "vedette.viewer",
    ])

    private func scoped(_ organization: String, _ duty: String) -> Pool {
        // Both are always set, so that nothing set for the session or the user counts.
        guard
            let names = Self.tenancy,
            let settings = TransactionSettings(
                names, [organization, duty, organization.isEmpty ? "" : RestrictedViewer.current?.description ?? ""])
        else {
            // A UUID and our own words hold nothing that is refused; without settings a statement sees no row.
            return self
        }
        return setting(settings)
    }
}
