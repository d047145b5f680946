internal import Crypto
internal import FoundationEssentials

/// The weights of YOLOX-nano on disk.
enum WeightsFile {
    static let name = "yolox_nano.onnx"
    static let sha256 = "695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14"
    private static let maximumBytes = 64 << 20

    struct Located: Sendable {
        var path: String
        var isExpected: Bool
    }

    /// The first of the folders that holds the file; blocks while it is read and hashed.
    static func locate(in folders: [String]) -> Located? {
        for folder in folders {
            let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
                let size = attributes[.size] as? Int ?? (attributes[.size] as? UInt64).map(Int.init(clamping:)),
                size <= maximumBytes, let data = FileManager.default.contents(atPath: path)
            else { continue }
            let digest = SHA256.hash(data: data).map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
            return Located(path: path, isExpected: digest == sha256)
        }
        return nil
    }
}
