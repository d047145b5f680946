import App
import ArgumentParser

/// `vedette worker`: judges events for a `vedette run` elsewhere.
struct Worker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take jobs from the queue and judge events.",
        discussion: """
            Needs the database of `database_url`, or a `vedette run` on the same data folder, and the media folder in `data_dir`.
            A stop gives unfinished jobs back at once.
            """)

    @OptionGroup var settings: SettingsOptions

    @Option(help: "Jobs at the same time, one of them never of a batch; overrides `worker_concurrency` of the file.")
    var concurrency: Int?

    @Option(help: "Jobs that are held ready besides those that run.")
    var prefetch = 0

    @Option(help: "Seconds after which the jobs of a worker that died run elsewhere.")
    var leaseSeconds = 25

    func validate() throws {
        if let concurrency, !(1...256).contains(concurrency) {
            throw ValidationError("--concurrency must be from 1 to 256")
        }
        guard (0...256).contains(prefetch) else { throw ValidationError("--prefetch must be from 0 to 256") }
        guard (3...3600).contains(leaseSeconds) else {
            throw ValidationError("--lease-seconds must be from 3 to 3600")
        }
    }

    func run() async throws {
        try await reporting {
            try await WorkerCommand.run(
                settings: settings.request, concurrency: concurrency, prefetch: prefetch,
                leaseSeconds: Double(leaseSeconds))
        }
    }
}
