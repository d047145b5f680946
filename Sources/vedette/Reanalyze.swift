import App
import ArgumentParser

extension ReanalyzeCommand.Action: ExpressibleByArgument {}

/// `vedette reanalyze`: judge past events again.
struct Reanalyze: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Judge past events again, and make the new verdicts current once they are liked.",
        discussion: """
            Without an action, begins one and shows its progress; ending this command does not end it. A worker (`vedette run` or
            `vedette worker`) does the work, after everything live. The other actions take the id that is printed.
            """)

    @OptionGroup var settings: SettingsOptions

    @Argument(help: "start, list, show, diff, follow, pause, resume, cancel, promote or discard.")
    var action = ReanalyzeCommand.Action.start

    @Argument(help: "Id of a re-analysis, for all actions but start and list.")
    var id: String?

    @Option(help: "Only this camera (name or id).")
    var camera: String?

    @Option(help: "Only events from this time on (2026-05-01T10:00:00Z).")
    var from: String?

    @Option(help: "Only events before this time.")
    var to: String?

    @Option(help: "Only events whose verdict has this label.")
    var label: String?

    @Option(help: "Only events whose verdict is normal, abnormal or uncertain.")
    var verdictState: String?

    @Option(help: "Version of the definition; the newest without it.")
    var definitionVersion: Int?

    @Option(help: "single, consensus or cascade; the configured one without it.")
    var policy: String?

    @Option(help: "Analyzer to ask, in order; may be given twice. The configured ones without it.")
    var analyzer: [String] = []

    @Option(help: "At most the newest so many events.")
    var maxEvents: Int?

    @Option(help: "Pause when so many tokens are spent.")
    var maxTokens: Int?

    @Option(help: "Pause when so much money is spent.")
    var maxMoney: Double?

    @Option(help: "Pause at this time.")
    var until: String?

    @Option(help: "Pictures to show: evidence (as stored), clip or recording (sampled anew).")
    var frames: String?

    @Option(help: "How many to sample; 4 without it.")
    var frameCount: Int?

    @Flag(help: "Only say what it would take.")
    var dryRun = false

    @Flag(help: "Begin and return at once.")
    var detach = false

    @Flag(help: "Print JSON, an object a line.")
    var json = false

    func run() async throws {
        try await reporting {
            try await ReanalyzeCommand.run(
                settings: settings.request, action: action, id: id,
                selection: .init(
                    camera: camera, from: from, to: to, label: label, verdictState: verdictState,
                    definitionVersion: definitionVersion, policy: policy, analyzers: analyzer,
                    limits: (maxEvents, maxTokens, maxMoney, until), frames: (frames, frameCount)), dryRun: dryRun,
                detach: detach, json: json)
        }
    }
}
