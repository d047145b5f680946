import ArgumentParser
import Settings

/// `vedette reference`: prints the generated configuration page, for `make generate`.
struct Reference: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print docs/reference/configuration.md.", shouldDisplay: false)

    func run() { print(ConfigurationReference.markdown(), terminator: "") }
}
