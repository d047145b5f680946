import Domain
import FoundationEssentials
import GStreamerKit

/// The decoders of this machine.
struct InstalledDecoders: DecoderMachine {
    func hasPlugin(_ name: String) -> Bool { GStreamer.hasPlugin(name) }

    func hasElement(_ name: String) -> Bool { GStreamer.hasElement(name) }

    func hasDevice(for family: DecoderFamily) -> Bool {
        guard let (folder, prefix) = family.devices else { return true }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.contains { name in
            name.hasPrefix(prefix) && FileManager.default.isReadableFile(atPath: "\(folder)/\(name)")
                && FileManager.default.isWritableFile(atPath: "\(folder)/\(name)")
        }
    }

    func tryOut(_ kind: DecoderKind, for codec: VideoCodec) async -> String? {
        await DecoderTrial(kind: kind, codec: codec).run()
    }
}
