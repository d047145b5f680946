import API
import CurlKit
import Detection
import Domain
import Glibc
import Logging
import Motion
import VisionModels

/// Makes analyzers from their configuration, and keeps them: a detector's weights are read once.
actor JudgeFactory {
    private let modelFolders: [String]
    private let clock: any WallClock
    private let client: HTTPClient
    private let logger: Logger
    private var embedded: EmbeddedAnalyzer?
    private var remote: [Analyzer: any VisionModel] = [:]

    init(modelFolders: [String], clock: any WallClock, logger: Logger) throws {
        client = try HTTPClient()
        self.modelFolders = modelFolders
        self.clock = clock
        self.logger = logger
    }

    func model(for analyzer: Analyzer) throws(JudgeError) -> any VisionModel {
        switch analyzer.kind {
        case .embedded:
            return try embeddedAnalyzer()
        case .openai:
            if let known = remote[analyzer] { return known }
            let made = try OpenAICompatibleModel(
                analyzer, client: client, logger: logger,
                shrink: { JPEGShrinker.shrink($0, longestSidePixels: $1) }, now: { [clock] in clock.now })
            // What is no longer configured so is forgotten.
            remote = remote.filter { $0.key.id != analyzer.id }
            remote[analyzer] = made
            return made
        }
    }

    private func embeddedAnalyzer() throws(JudgeError) -> EmbeddedAnalyzer {
        if let embedded { return embedded }
        let made = try EmbeddedAnalyzer(modelFolders: modelFolders, logger: logger)
        embedded = made
        return made
    }

    /// For status pages: what really judges.
    func statuses(of analyzers: [Analyzer]) -> [AnalyzerStatus] {
        analyzers.map { analyzer in
            switch analyzer.kind {
            case .openai:
                return AnalyzerStatus(
                    id: analyzer.id, name: analyzer.name, kind: .openai,
                    detail: "\(analyzer.model ?? "") at \(presentableURL(analyzer.baseURL ?? ""))", lesser: false)
            case .embedded:
                guard let status = try? embeddedAnalyzer().status else {
                    return AnalyzerStatus(
                        id: analyzer.id, name: analyzer.name, kind: .embedded, detail: "cannot start; see the log",
                        lesser: true)
                }
                return AnalyzerStatus(
                    id: analyzer.id, name: analyzer.name, kind: .embedded,
                    detail: status.isLesser ? status.detail : "YOLOX-nano", lesser: status.isLesser)
            }
        }
    }
}

/// Names this process in leases.
enum ProcessName {
    static var current: String {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, 255)
        let host = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(host)-\(getpid())"
    }
}
