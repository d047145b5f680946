import Foundation
import Settings

/// Which settings a command was asked to use.
package struct SettingsRequest: Sendable {
    package var file: String?
    package var dataFolder: String?
    package var listen: String?

    package init(file: String?, dataFolder: String?, listen: String?) {
        self.file = file
        self.dataFolder = dataFolder
        self.listen = listen
    }

    /// Reads file, environment and the command line's own words, in that order.
    package func load(defaultDataFolder: String? = nil) throws -> VedetteSettings {
        var environment = ProcessInfo.processInfo.environment
        var yaml: String?
        if let file {
            do {
                yaml = try String(contentsOfFile: file, encoding: .utf8)
            } catch {
                throw StartError("the settings file \(file) cannot be read; does it exist?")
            }
        }
        if let dataFolder {
            environment["VEDETTE_DATA_DIR"] = dataFolder
        } else if let defaultDataFolder, environment["VEDETTE_DATA_DIR"] == nil {
            environment["VEDETTE_DATA_DIR"] = defaultDataFolder
        }
        if let listen { environment["VEDETTE_LISTEN"] = listen }
        var settings = try VedetteSettings.load(yaml: yaml, fileName: file ?? "", environment: environment)
        settings.dataDirectory = URL(fileURLWithPath: settings.dataDirectory).standardizedFileURL.path
        return settings
    }
}

/// Lines for the terminal.
package enum FileHandleOutput {
    package static func standardError(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }
}
