import App
import ArgumentParser

/// Where settings come from, for every subcommand that reads them.
struct SettingsOptions: ParsableArguments {
    @Option(help: "Settings file (YAML); see docs/reference/configuration.md.")
    var config: String?

    @Option(help: "Folder for clips and database; overrides `data_dir` of the file.")
    var dataDir: String?

    @Option(help: "Address of page and API; overrides `listen` of the file.")
    var listen: String?

    var request: SettingsRequest { SettingsRequest(file: config, dataFolder: dataDir, listen: listen) }
}

/// Prints what went wrong as one line, without a stack of wrappers, and exits with 1.
func reporting(_ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let error as ExitCode {
        throw error
    } catch {
        FileHandleOutput.standardError("vedette: \(error)")
        throw ExitCode(1)
    }
}
