import Domain
import Foundation
import Logging
import Settings
import Store

/// `vedette reanalyze`.
package enum ReanalyzeCommand {
    package enum Action: String, Sendable, CaseIterable {
        case start, list, show, diff, follow, pause, resume, cancel, promote, discard
    }

    /// What to begin; texts as they were given.
    package struct Selection: Sendable {
        package var camera: String?
        package var from: String?
        package var to: String?
        package var label: String?
        package var verdictState: String?
        package var definitionVersion: Int?
        package var policy: String?
        package var analyzers: [String]
        package var limits: (events: Int?, tokens: Int?, money: Double?, until: String?)
        package var frames: (source: String?, count: Int?)

        package init(
            camera: String?, from: String?, to: String?, label: String?, verdictState: String?, definitionVersion: Int?,
            policy: String?, analyzers: [String], limits: (events: Int?, tokens: Int?, money: Double?, until: String?),
            frames: (source: String?, count: Int?)
        ) {
            self.camera = camera
            self.from = from
            self.to = to
            self.label = label
            self.verdictState = verdictState
            self.definitionVersion = definitionVersion
            self.policy = policy
            self.analyzers = analyzers
            self.limits = limits
            self.frames = frames
        }
    }

    /// `json`: each line of output is a JSON object.
    package static func run(
        settings request: SettingsRequest, action: Action, id: String?, selection: Selection, dryRun: Bool,
        detach: Bool, json: Bool
    ) async throws {
        let settings = try request.load()
        let logger = VedetteLogging.start(level: settings.logLevel == "info" ? "warning" : settings.logLevel)
        let store = try await AttachedDatabase.open(settings, logger: logger)
        do {
            let printer = ReanalysisPrinter(json: json)
            let organization = Organization.first
            if action == .start {
                let asked = try await self.request(selection, store)
                if dryRun {
                    printer.show(try await store.reanalyses.estimate(asked, of: organization))
                } else {
                    let (made, isNew) = try await store.reanalyses.begin(asked, of: organization)
                    printer.show(made, note: isNew ? "begun" : "the same request is under way already")
                    if !detach { try await follow(made.id, store, printer) }
                }
            } else if action == .list {
                for found in try await store.reanalyses.reanalyses(of: organization, limit: 50, before: nil) {
                    printer.show(found)
                }
            } else {
                guard let id = id.flatMap({ Identifier<Reanalysis>($0) }) else {
                    throw StartError("`vedette reanalyze \(action.rawValue)` needs the id of a re-analysis")
                }
                try await act(action, id, store, printer)
            }
        } catch let error as StoreError {
            await store.close()
            throw StartError(words(error))
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    private static func act(
        _ action: Action, _ id: Identifier<Reanalysis>, _ store: Store, _ printer: ReanalysisPrinter
    ) async throws {
        let organization = Organization.first
        let reanalyses = store.reanalyses
        switch action {
        case .start, .list, .show: break
        case .diff:
            for change in try await reanalyses.changes(of: id, in: organization) { printer.show(change) }
            return
        case .follow: return try await follow(id, store, printer)
        case .pause: try await reanalyses.pause(id, of: organization, reason: "by hand")
        case .resume: try await reanalyses.resume(id, of: organization)
        case .cancel: try await reanalyses.cancel(id, of: organization)
        case .promote: try await reanalyses.promote(id, of: organization)
        case .discard: try await reanalyses.discard(id, of: organization)
        }
        printer.show(try await reanalyses.reanalysis(id, of: organization))
    }

    /// Shows progress every second until it no longer runs. Ending this command does not end the re-analysis.
    private static func follow(
        _ id: Identifier<Reanalysis>, _ store: Store, _ printer: ReanalysisPrinter
    ) async throws {
        while true {
            let found = try await store.reanalyses.reanalysis(id, of: Organization.first)
            guard found.state == .running else { return printer.show(found, isLast: true) }
            printer.progress(found)
            try await Task.sleep(for: .seconds(1))
        }
    }

    private static func request(_ selection: Selection, _ store: Store) async throws -> ReanalysisRequest {
        func time(_ text: String?, _ option: String) throws -> WallTime? {
            guard let text else { return nil }
            guard let time = WallTime(rfc3339: text) else {
                throw StartError("\(option) is `\(text)`, but must be a time like 2026-05-01T10:00:00Z")
            }
            return time
        }
        func word<Word: RawRepresentable<String> & CaseIterable>(
            _ text: String?, _ option: String, as type: Word.Type
        ) throws -> Word? {
            guard let text else { return nil }
            guard let word = Word(rawValue: text) else {
                let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
                throw StartError("\(option) is `\(text)`, but must be one of \(known)")
            }
            return word
        }
        var filter = EventQuery()
        if let name = selection.camera {
            let cameras = try await store.cameras.cameras(of: Organization.first)
            guard let camera = cameras.first(where: { $0.name == name || $0.id.description == name }) else {
                throw StartError("there is no camera `\(name)`")
            }
            filter.camera = camera.id
        }
        filter.from = try time(selection.from, "--from")
        filter.to = try time(selection.to, "--to")
        filter.label = selection.label?.lowercased()
        filter.verdictState = try word(selection.verdictState, "--verdict-state", as: Verdict.State.self)
        var frames = FramePolicy.evidence
        if let given = selection.frames.source, given != "evidence" {
            guard let source = FramePolicy.Source(rawValue: given) else {
                throw StartError("--frames is `\(given)`, but must be one of evidence, clip, recording")
            }
            let count = selection.frames.count ?? 4
            guard FramePolicy.counts.contains(count) else {
                throw StartError("--frame-count is \(count), but must be from 1 to \(FramePolicy.counts.upperBound)")
            }
            frames = .sampled(source, count: count)
        } else if selection.frames.count != nil {
            throw StartError("--frame-count needs --frames clip or --frames recording")
        }
        return ReanalysisRequest(
            filter: filter, definitionVersion: selection.definitionVersion,
            policy: try word(selection.policy, "--policy", as: Policy.Mode.self),
            analyzers: selection.analyzers.isEmpty ? nil : selection.analyzers,
            limits: ReanalysisLimits(
                events: selection.limits.events, tokens: selection.limits.tokens, money: selection.limits.money,
                until: try time(selection.limits.until, "--until")), frames: frames)
    }

    private static func words(_ error: StoreError) -> String {
        switch error {
        case .notFound(let what), .conflict(let what), .duplicate(let what), .unavailable(let what): what
        }
    }
}
