import Hummingbird

/// `ETag` and `If-Match` (RFC 9110 §8.8.3, §13.1.1): a revision of something that people change and remove.
enum EntityTag {
    static func of(_ revision: some BinaryInteger) -> String { "\"\(revision)\"" }

    /// Throws 412 where `If-Match` names other revisions than the present one; false where any will do.
    @discardableResult
    static func check(_ request: Request, isAt revision: some BinaryInteger, _ what: String) throws -> Bool {
        guard let expected = request.headers[.ifMatch], expected != "*" else { return false }
        let tags = expected.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        guard tags.contains(of(revision)) else {
            throw Problem(.preconditionFailed, "the \(what) was changed meanwhile; read it again")
        }
        return true
    }
}
