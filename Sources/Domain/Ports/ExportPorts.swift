/// Exports of one organization. `StoreError.notFound` where there is none that the viewer may see.
package protocol ExportStore: Sendable {
    /// With its job, in one transaction. Throws `duplicate` where too many wait already.
    func insert(_ export: Export) async throws
    func export(_ id: Identifier<Export>, of organization: Identifier<Organization>) async throws -> Export
    /// Newest first, older than `after`.
    func exports(
        of organization: Identifier<Organization>, state: Export.State?, after: Identifier<Export>?, limit: Int
    ) async throws -> [Export]
    /// Turns it `running`; nil where it is gone or ready.
    func begin(_ id: Identifier<Export>, of organization: Identifier<Organization>) async throws -> Export?
    /// False where it does not run any more.
    func progress(
        _ id: Identifier<Export>, of organization: Identifier<Organization>, fraction: Double
    ) async throws -> Bool
    /// Turns it `ready`; false, and nothing is written, where it does not run any more.
    func finish(
        _ id: Identifier<Export>, of organization: Identifier<Organization>, _ result: Export.Result,
        keepSeconds: Double
    ) async throws -> Bool
    /// Ends its job and forgets it; returns its file, if it had one.
    func delete(_ id: Identifier<Export>, of organization: Identifier<Organization>) async throws -> String?
    /// Of all organizations: turns `expired` whose time has come, forgets what ended long ago, and returns the files that
    /// are to stay.
    func tidy(at now: WallTime) async throws -> Set<String>
}

/// Something to write into an export.
package enum ExportPart: Sendable {
    case recording(any RecordingFile)
    /// A file under the media folder.
    case media(path: String)
    case bytes([UInt8])
}

/// A part cannot be added because its file is gone; nothing of it was written.
package struct FileIsGone: Error {
    package init() {}
}

/// An export's file while it is made; nobody sees it before it is finished, and nothing of it is left when it is let go of
/// unfinished. Calls come one after the other.
package protocol ExportFile: AnyObject, Sendable {
    /// Appends a part and hashes it; `wrote` is told of bytes as they are written, and what it throws ends the writing. Throws
    /// `FileIsGone` where there is nothing to append.
    func add(
        _ part: ExportPart, name: String, modified: WallTime, wrote: @Sendable (Int) async throws -> Void
    ) async throws -> (sizeBytes: Int64, sha256: String)
    /// Makes it durable under its name, which it returns with size and digest. While the object is held, tidying leaves it.
    func finish() async throws -> (file: String, sizeBytes: Int64, sha256: String)
}

/// Where exports lie.
package protocol ExportFolder: Sendable {
    /// A new file; a ZIP unless `format` says MP4, which takes one part.
    func begin(_ id: Identifier<Export>, _ format: Export.Format) async throws -> any ExportFile
    /// Why a further export of about so many bytes has no place; nil where it has.
    func refusal(ofBytes bytes: Int64) async -> String?
    func remove(_ file: String) async
    /// Files that nobody is making now. Those that a list of finished exports made later does not name may be removed.
    func settled() async -> Set<String>
}
