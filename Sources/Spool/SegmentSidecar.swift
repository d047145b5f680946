import Domain
import FoundationEssentials

extension SpoolLayout {
    /// `spool/segments/` holds segments being made (`<segment>.mp4.part`) and their sidecars (`<segment>.json`), which stay
    /// until the segment's row is committed.
    static let segmentsName = "segments"
    static let recordingsName = "recordings"

    package var segmentsFolder: String { spoolFolder + "/" + Self.segmentsName }
    func part(of id: Identifier<Segment>) -> String { "\(segmentsFolder)/\(id).mp4.part" }
    func sidecar(of id: Identifier<Segment>) -> String { "\(segmentsFolder)/\(id).json" }

    /// Under the media folder, by the UTC day of the draft: `2026/05/01/recordings/<camera>/<segment>.mp4`.
    func mediaPath(of draft: SegmentDraft) -> String {
        let day = draft.startsAt.rfc3339.prefix(10).split(separator: "-").joined(separator: "/")
        return "\(day)/\(Self.recordingsName)/\(draft.camera)/\(draft.id).mp4"
    }

    /// Moves a finished segment into the media tree, durably; done already is fine. Upholds I1 and I2.
    func moveIntoMedia(_ record: SegmentRecord) throws {
        let source = part(of: record.id)
        guard DurableFile.exists(source) else { return }
        let target = mediaFolder + "/" + record.path
        if let slash = target.lastIndex(of: "/") { try DurableFile.makeFolder(String(target[..<slash])) }
        try DurableFile.rename(source, to: target)
        try DurableFile.sync(folderOf: target)
        try DurableFile.sync(folder: segmentsFolder)
    }
}

/// What the sidecar of a segment says.
enum SegmentSidecar: Codable, Sendable {
    /// The file is being written.
    case recording(SegmentDraft)
    /// The file is complete; the row may or may not be there.
    case finished(SegmentRecord)

    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return [UInt8](try encoder.encode(self))
    }

    /// Nil when the file is missing or cut off.
    static func read(_ path: String) -> SegmentSidecar? {
        guard let bytes = DurableFile.read(path) else { return nil }
        return try? JSONDecoder().decode(SegmentSidecar.self, from: Data(bytes))
    }
}
