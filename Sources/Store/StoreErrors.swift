internal import Domain
internal import PostgresKit

/// Runs `body` and turns what PostgreSQL said into the errors of the ports. `thing` names what was worked on.
@discardableResult
func storing<Value>(_ thing: String, _ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch let error as PostgresError {
        throw storeError(error, thing)
    }
}

func storeError(_ error: PostgresError, _ thing: String) -> any Error {
    if error.isOutage { return StoreError.unavailable("the database cannot be reached: \(error)") }
    if error.isUniqueViolation { return StoreError.duplicate("\(thing): the name is taken") }
    if error.isForeignKeyViolation { return StoreError.notFound("\(thing) refers to something that is not there") }
    // 42501: row security refused to write a row of another organization.
    if error.sqlState == "42501" { return StoreError.notFound("\(thing) is not there for this organization") }
    return error
}
