import Domain
import FoundationEssentials

/// Where things lie under the data folder.
///
/// `spool/<event>/` holds an event being made; `spool/<event>.json` is its sidecar, which stays until the event's row is
/// committed. `media/<yyyy>/<mm>/<dd>/<event>/` holds a finished event's files. Segments:
/// `SegmentSidecar.swift`.
package struct SpoolLayout: Sendable, Hashable {
    package let spoolFolder: String
    package let mediaFolder: String

    package static let clipName = "clip.mp4"
    package static let partName = "clip.mp4.part"
    package static let thumbnailName = "thumbnail.jpg"
    package static func evidenceName(_ number: Int) -> String { "evidence-\(number).jpg" }

    package init(dataFolder: String) {
        spoolFolder = dataFolder + "/spool"
        mediaFolder = dataFolder + "/media"
    }

    package func folder(of id: Identifier<Event>) -> String { "\(spoolFolder)/\(id)" }
    package func sidecar(of id: Identifier<Event>) -> String { "\(spoolFolder)/\(id).json" }

    /// Under the media folder, by the UTC day of the trigger.
    package func mediaPath(of id: Identifier<Event>, triggeredAt: WallTime) -> String {
        let day = triggeredAt.rfc3339.prefix(10).split(separator: "-").joined(separator: "/")
        return "\(day)/\(id)"
    }
}

/// What a sidecar says.
enum Sidecar: Codable, Sendable {
    /// The clip is being written.
    case recording(EventDraft)
    /// All files are complete; the row may or may not be there.
    case finished(EventRecord)

    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return [UInt8](try encoder.encode(self))
    }

    /// Nil when the file is missing or cut off.
    static func read(_ path: String) -> Sidecar? {
        guard let bytes = DurableFile.read(path) else { return nil }
        return try? JSONDecoder().decode(Sidecar.self, from: Data(bytes))
    }
}
