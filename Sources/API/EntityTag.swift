import Hummingbird

/// `ETag` and `If-Match` (RFC 9110 §8.8.3, §13.1.1): a revision of something that people change and remove.
enum EntityTag {
    static func of(_ revision: some BinaryInteger) -> String { "\"\(revision)\"" }

    /// Throws 412 where `If-Match` names other revisions than the present one, which is returned for the statement that changes
    /// something to insist on; nil where any will do.
    @discardableResult
    static func check<Revision: BinaryInteger>(
        _ request: Request, isAt revision: Revision, _ what: String
    ) throws -> Revision? {
        guard let expected = request.headers[.ifMatch], expected != "*" else { return nil }
        let tags = expected.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        guard tags.contains(of(revision)) else {
            throw Problem(.preconditionFailed, "the \(what) was changed meanwhile; read it again")
        }
        return revision
    }
}
