import App
import ArgumentParser
import Foundation

/// `vedette bench`: figures of this machine.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure parts of Vedette on this machine.",
        subcommands: [Queue.self, API.self, Ladder.self, Ingest.self, WatchCameras.self, HoldJobs.self])

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

    /// The worker that `vedette bench queue` kills.
    struct HoldJobs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take jobs and hang, for `bench queue` to kill.", shouldDisplay: false)

        @Argument var jobs: Int

        func run() async throws { try await reporting { try await KilledWorker.run(jobs: jobs) } }
    }

    /// `vedette bench api`.
    struct API: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure the HTTP API over many events of many organizations.",
            discussion:
                "Starts a `vedette run` of its own, fills its database in bulk (20 organizations, 50 cameras), and prints how "
                + "long requests take at a given rate, how many go through, and how fast readers of the event stream are told."
        )

        @Option(help: "Events in all; 1000000 for the figures of record.")
        var events = 50_000

        @Option(help: "Requests of each kind.")
        var requests = 1000

        @Option(help: "Requests per second, except where it says as fast as it goes.")
        var perSecond = 200.0

        @Option(help: "Connections at the same time.")
        var connections = 16

        @Option(help: "Readers of the event stream.")
        var readers = 200

        @Option(help: "PostgreSQL to use instead of a private one: an empty database, which is filled.")
        var databaseURL: String?

        func validate() throws {
            guard events >= 1000, requests > 0, perSecond > 0, (1...256).contains(connections),
                (0...1000).contains(readers)
            else { throw ValidationError("a number is out of bounds") }
        }

        func run() async throws {
            try await reporting {
                try await APIBench.run(
                    events: events, requests: requests, perSecond: perSecond, connections: connections,
                    readers: readers, databaseURL: databaseURL)
            }
        }
    }

    /// The activity ladder against full decoding.
    struct Ladder: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare the activity ladder with full decoding on footage.",
            discussion:
                "Replays footage with known truth, as fast as it goes, and prints a table. Ends with 2 where the "
                + "ladder covers less than 99 % of the events of full decoding, finds fewer truths, or has more false events."
        )

        @Option(help: "Folder with clips and the media.json that tells their truth.")
        var media: String

        @Option(help: "Encode the clips anew, too; may be given several times (h264-cbr-gop4), or \"all\".")
        var encoding: [String] = []

        @Option(help: "Only this clip; may be given several times.")
        var clip: [String] = []

        @Option(help: "Folder for what was encoded; kept. Otherwise a temporary one is used.")
        var work: String?

        @Option(help: "ladder or keyframes.")
        var analysis = "ladder"

        @Flag(help: "Print when each event began and ended.")
        var spans = false

        func run() async throws {
            try await reporting {
                let good = try await LadderBench.run(
                    folder: media, encodings: encoding, clips: clip, work: work, mode: analysis, spans: spans)
                if !good { throw ExitCode(2) }
            }
        }
    }

    /// What cameras cost.
    struct Ingest: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure what idle and busy cameras cost, over RTSP.",
            discussion:
                "Serves 1080p15 cameras of 3 Mbit/s from a child process, watches them with each kind of analysis in turn, "
                + "each in a process of its own, and prints that process's CPU time per camera, what it received, how soon "
                + "it opened events, and its memory. --vs lets others watch the same cameras.")

        @Option(help: "Cameras at a time.")
        var cameras = 4

        @Option(help: "Seconds of each measurement.")
        var seconds = 60.0

        @Option(help: "Seconds before each, in which cameras connect and learn; motion and ffmpeg get at most 60.")
        var settle = 40.0

        @Option(help: "receive, full, ladder or keyframes; may be given several times.")
        var analysis: [String] = []

        @Option(help: "idle or busy; may be given several times.")
        var scene: [String] = []

        @Option(help: "Who else watches: motion (Debian's) or ffmpeg (a full decode); may be given several times.")
        var vs: [IngestPeer] = []

        @Option(help: "Footage to serve instead.")
        var footage: String?

        @Option(help: "Folder for what was encoded; kept.")
        var work: String?

        @Option(help: ArgumentHelp("Put the table into this page, too.", valueName: "file"))
        var write: String?

        func validate() throws {
            guard (1...1000).contains(cameras) else { throw ValidationError("--cameras must be from 1 to 1000") }
            guard seconds > 0, settle >= 0 else { throw ValidationError("--seconds and --settle must be positive") }
        }

        func run() async throws {
            try await reporting {
                let bench = IngestBench(
                    cameras: cameras, seconds: seconds, settle: settle,
                    analyses: analysis.isEmpty ? ["ladder", "receive", "full"] : analysis,
                    scenes: footage != nil ? ["footage"] : scene.isEmpty ? ["idle", "busy"] : scene, peers: vs,
                    footage: footage, work: work)
                let table = try await bench.run { line in
                    print(line)
                    fflush(nil)
                }
                if let write { try MeasuredPage.write(table, as: "bench ingest", to: write) }
            }
        }
    }

    /// One measurement of `vedette bench ingest`.
    struct WatchCameras: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Watch cameras and measure this process, for `bench ingest`.", shouldDisplay: false)

        @Argument var urls: [String]
        @Option var analysis: String
        @Option var seconds: Double
        @Option var settle: Double

        func run() async throws {
            try await reporting {
                try await WatchedCameras.run(urls, analysis: analysis, seconds: seconds, settle: settle)
            }
        }
    }
}

extension IngestPeer: ExpressibleByArgument {}
