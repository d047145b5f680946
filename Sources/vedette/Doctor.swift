import App
import ArgumentParser

/// `vedette doctor`: what is there, what is missing, what to do.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell whether this machine has what Vedette needs, and which decoders it will use.",
        discussion: "Changes nothing. Ends with 1 where something that is needed is missing or broken.")

    @OptionGroup var settings: SettingsOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        try await reporting {
            if !(try await DoctorCommand.run(settings: settings.request, json: json)) { throw ExitCode(1) }
        }
    }
}
