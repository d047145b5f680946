import App
import ArgumentParser

/// `vedette migrate`: brings the database's schema up.
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Bring the database's schema up to this version.")

    @OptionGroup var settings: SettingsOptions

    @Flag(help: "Only tell whether something is to be done; exit code 1 if so.")
    var check = false

    func run() async throws {
        try await reporting {
            let pending = try await MigrateCommand.run(settings: settings.request, checkOnly: check)
            if check, pending { throw ExitCode(1) }
        }
    }
}
