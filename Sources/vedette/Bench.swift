import App
import ArgumentParser

/// `vedette bench`: figures of this machine.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure parts of Vedette on this machine.", subcommands: [Queue.self])

    /// `vedette bench queue`.
    struct Queue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure the job queue, beside pgbench and procrastinate in the same run.")

        @Option(help: "Clients at the same time.")
        var clients = 8

        @Option(help: "Jobs in each measurement.")
        var jobs = 8000

        @Option(help: "Finished jobs to fill the history with; 0 leaves that part out.")
        var history = 1_000_000

        @Option(help: "How often each is measured; the median counts.")
        var rounds = 3

        @Flag(help: "Print one JSON object.")
        var json = false

        func validate() throws {
            guard (1...50).contains(clients) else { throw ValidationError("--clients must be from 1 to 50") }
            guard jobs >= clients * 50 else { throw ValidationError("--jobs must be at least 50 for each client") }
            guard rounds > 0, history >= 0 else { throw ValidationError("--rounds and --history must not be negative") }
        }

        func run() async throws {
            try await reporting {
                try await BenchCommand.queue(
                    clients: clients, jobs: jobs, history: history, rounds: rounds, json: json)
            }
        }
    }
}
