import App
import ArgumentParser

@main
struct Vedette: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vedette",
        abstract: "Turns cameras into a short, searchable, trustworthy record of what mattered.",
        version: VedetteVersion.text,
        subcommands: [
            Run.self, Simulate.self, Worker.self, Reanalyze.self, Migrate.self, Doctor.self, Probe.self, Bench.self,
            Reference.self,
        ])
}
