import Domain

/// An export as clients see it; lists leave the manifest out.
struct ExportDTO: Encodable, Sendable {
    var id: String
    var state: String
    var progress: Double
    var format: String
    @Nullable var cameraId: String?
    @Nullable var from: String?
    @Nullable var to: String?
    @Nullable var eventIds: [String]?
    var gaps: String
    var author: String
    var jobId: String
    var createdAt: String
    @Nullable var finishedAt: String?
    @Nullable var expiresAt: String?
    @Nullable var error: String?
    @Nullable var url: String?
    @Nullable var fileName: String?
    @Nullable var sizeBytes: Int64?
    @Nullable var sha256: String?
    var manifest: ExportManifest?

    init(_ export: Export, withManifest: Bool = false) {
        id = export.id.description
        state = export.state.rawValue
        progress = rounded(export.progress, 3)
        format = export.format.rawValue
        switch export.content {
        case .span(let camera, let from, let to):
            cameraId = camera.description
            self.from = from.rfc3339
            self.to = to.rfc3339
        case .events(let ids): eventIds = ids.map(\.description)
        }
        gaps = export.keepsGaps ? "keep" : "join"
        author = export.author
        jobId = export.job.description
        createdAt = export.createdAt.rfc3339
        finishedAt = export.finishedAt?.rfc3339
        expiresAt = export.expiresAt?.rfc3339
        error = export.error
        guard let result = export.result else { return }
        url = "/v1/exports/\(export.id)/download"
        fileName = Self.fileName(export)
        sizeBytes = result.sizeBytes
        sha256 = result.sha256
        if withManifest { manifest = result.manifest }
    }

    /// Helpful in a downloads folder.
    static func fileName(_ export: Export) -> String {
        if export.format == .mp4, let file = export.result?.manifest.files.first { return file.name }
        return "vedette-\(export.createdAt.rfc3339.prefix(19).replacing(":", with: "-"))Z.\(export.format.rawValue)"
    }
}
