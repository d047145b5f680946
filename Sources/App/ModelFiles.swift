import Foundation

/// Where detector weights are looked for when the settings name no folder.
enum ModelFiles {
    /// `../shared/models` beside the working folder, as in a development tree; nil when it is not there.
    static func defaultFolder() -> String? {
        let folder = FileManager.default.currentDirectoryPath + "/../shared/models"
        return FileManager.default.fileExists(atPath: folder + "/yolox_nano.onnx")
            ? URL(fileURLWithPath: folder).standardizedFileURL.path : nil
    }
}
