import Domain
import Hummingbird

/// Figures of the caller's organization in Prometheus's text format (version 0.0.4).
struct MetricsRoute {
    let desk: any JobDesk
    let judges: any JudgeStore
    let version: String
    let clock: any WallClock

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/metrics") { _, context in
            let depths = try await desk.depths(of: context.organization)
            let analyzers = try await judges.analyzers(of: context.organization)
            let text = Self.text(depths: depths, analyzers: analyzers, version: version, now: clock.now)
            return Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(string: text)))
        }
    }

    /// All families, in a fixed order.
    static func text(depths: [JobDepth], analyzers: [StoredAnalyzer], version: String, now: WallTime) -> String {
        var text = MetricsText()
        text.family("vedette_build_info", "What is running.", [([("version", version)], 1)])
        let ended: Set<Job.State> = [.succeeded, .discarded, .cancelled]
        func labels(_ depth: JobDepth) -> MetricsText.Labels {
            [("kind", depth.kind), ("priority", "\(depth.priority.rawValue)"), ("state", depth.state.rawValue)]
        }
        let open = depths.filter { !ended.contains($0.state) }
        text.family(
            "vedette_jobs", "Jobs that wait or run.", open.map { (labels($0), Double($0.count)) })
        text.family(
            "vedette_jobs_oldest_seconds", "Age of the oldest job that waits or runs, in seconds.",
            open.compactMap { depth in depth.oldestSeconds.map { (labels(depth), $0) } })
        text.family(
            "vedette_jobs_ended_last_day", "Jobs that ended in the last day.",
            depths.filter { ended.contains($0.state) }.map { (labels($0), Double($0.count)) })
        func each(_ value: (AnalyzerUsage) -> Double) -> [(MetricsText.Labels, Double)] {
            analyzers.map { ([("analyzer", $0.analyzer.name)], value($0.usage)) }
        }
        text.family(
            "vedette_analyzer_requests_today", "Finished requests of this UTC day.", each { Double($0.requestsToday) })
        text.family(
            "vedette_analyzer_tokens_today", "Tokens of this UTC day, in and out.", each { Double($0.tokensToday) })
        text.family(
            "vedette_analyzer_money_today", "Money of this UTC day, in the unit of the prices.", each { $0.moneyToday })
        text.family(
            "vedette_analyzer_failures_in_a_row", "Failed requests since the last that worked.",
            each { Double($0.failures) })
        text.family(
            "vedette_analyzer_blocked", "1 while nothing is asked of it.",
            each { ($0.blockedUntil ?? now) > now ? 1 : 0 })
        return text.lines
    }
}

/// Writes Prometheus's text format: https://prometheus.io/docs/instrumenting/exposition_formats/
struct MetricsText {
    /// Names and values.
    typealias Labels = [(String, String)]
    private(set) var lines = ""

    /// A family of gauges; one without samples is left out.
    mutating func family(_ name: String, _ help: String, _ samples: [(Labels, Double)]) {
        guard !samples.isEmpty else { return }
        lines += "# HELP \(name) \(help)\n# TYPE \(name) gauge\n"
        for (labels, value) in samples {
            let text = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
            lines += "\(name){\(text)} \(value)\n"
        }
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
