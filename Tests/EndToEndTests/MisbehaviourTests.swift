import Foundation
import Simulator
import Testing

extension EndToEnd {
    /// Every fault that the simulated site knows, on a camera of its own, before one running `vedette`.
    @Suite(.serialized) struct MisbehaviourTests {
        /// A fault, and what the camera's status must come to say meanwhile.
        struct Case {
            var fault: Misbehaviour
            /// Types of error of which one must be told; empty where the camera must go on or come back by itself.
            var errors: [String] = []
            /// True where the connection must have been made anew.
            var reconnects = false
            /// What the status must say of the stream.
            var stream: (key: String, value: String)?
        }

        static let cases: [Case] = [
            Case(fault: .drop, reconnects: true), Case(fault: .stall, errors: ["stream_stalled", "camera_timeout"]),
            Case(fault: .refuse, errors: ["camera_unreachable"]), Case(fault: .hang, errors: ["camera_timeout"]),
            Case(fault: .slow(kilobitsPerSecond: 8), errors: ["stream_stalled", "camera_timeout"]),
            Case(fault: .loss(share: 0.05)), Case(fault: .reorder(share: 0.2)),
            // Distances of more than three seconds are not believed: the stream goes on without the jump.
            Case(fault: .jump(seconds: 3600)), Case(fault: .drift(partsPerMillion: 500)),
            Case(fault: .codec, reconnects: true, stream: ("codec", "h265")),
            Case(fault: .resolution, reconnects: true, stream: ("width", "240")),
            Case(fault: .truncate(share: 0.2)), Case(fault: .garble(share: 0.2)),
            Case(fault: .garbage, errors: ["stream_ended", "stream_unsupported", "camera_timeout", "stream_corrupt"]),
            Case(fault: .unauthorized, errors: ["camera_unauthorized"]),
            Case(fault: .endlessSDP, errors: ["stream_unsupported", "camera_timeout"]),
        ]

        static func scene(_ name: String) -> Scene {
            Scene(
                name: name, widthPixels: 320, heightPixels: 180, framesPerSecond: 10, durationSeconds: 16,
                keyframeSeconds: 2, actions: [.figure(2...7)])
        }

        @Test(.timeLimit(.minutes(20)))
        func `every fault is told, harms nobody else, and is over when the camera behaves again`() async throws {
            #expect(Set(Self.cases.map(\.fault.name)) == Set(Misbehaviour.Name.allCases))
            let names = Self.cases.map(\.fault.name.rawValue)
            // Nothing moves here, and packets are lost all the time.
            var quiet = Self.scene("quiet")
            quiet.actions = []
            let site = SimulatedSite(
                .init(
                    port: 0,
                    streams: names.map { .init(scene: Self.scene($0)) }
                        + [.init(scene: Self.scene("well")), .init(scene: quiet)],
                    script: FaultScript()))
            _ = try site.start()
            defer { site.stop() }
            try await site.ready()
            try site.begin(.loss(share: 0.1), on: "quiet")
            let cameras = try (names + ["well", "quiet"]).map {
                "  - {name: \($0), url: \"\(try site.url(for: $0))\", timeout_seconds: 5, pre_roll_seconds: 1,"
                    + " post_roll_seconds: 1}"
            }
            let vedette = try VedetteProcess(settings: "cameras:\n" + cameras.joined(separator: "\n"))
            do {
                try await vedette.start()
                try await walk(vedette, site: site, names: names)
            } catch {
                await vedette.cleanUp()
                throw error
            }
            await vedette.cleanUp()
        }

        private func walk(_ vedette: VedetteProcess, site: SimulatedSite, names: [String]) async throws {
            try await events(vedette, on: names + ["well"], after: 0, "before the faults")
            let before = (try Self.openFiles(of: vedette.processID), try Self.residentKilobytes(of: vedette.processID))
            let reconnects = try await statuses(vedette).mapValues { $0["reconnects"] as? Int ?? 0 }
            var tokens: [String: Int] = [:]
            for entry in Self.cases {
                tokens[entry.fault.name.rawValue] = try site.begin(entry.fault, on: entry.fault.name.rawValue)
            }
            let faultyFrom = Date().timeIntervalSince1970
            for entry in Self.cases { try await meanwhile(entry, vedette, reconnects: reconnects) }
            // What goes on meanwhile is recorded meanwhile.
            try await events(
                vedette, on: ["well", "drop", "reorder", "jump", "drift", "loss", "codec"], after: faultyFrom,
                "meanwhile")
            let worst = try Self.residentKilobytes(of: vedette.processID)
            for (name, token) in tokens { site.end(token, on: name) }
            let wellFrom = Date().timeIntervalSince1970
            try await vedette.wait("all cameras to be online again", seconds: 120) {
                try await statuses(vedette).allSatisfy { $0.value["state"] as? String == "online" }
            }
            try await events(vedette, on: names + ["well"], after: wellFrom, "after the faults")
            let after = (try Self.openFiles(of: vedette.processID), try Self.residentKilobytes(of: vedette.processID))
            print(
                "open files \(before.0) → \(after.0); resident MB \(before.1 / 1024), "
                    + "with the faults \(worst / 1024), after \(after.1 / 1024)")
            // At any moment some cameras are connecting or looking.
            try await vedette.wait("as few open files as before", seconds: 60) {
                try Self.openFiles(of: vedette.processID) <= before.0 + 8
            }
            #expect(worst < before.1 + (400 << 10))
            let well = try await vedette.status(of: "well")
            #expect(well["reconnects"] as? Int == reconnects["well"], "the well camera was disturbed")
            let seen = try await vedette.items("/v1/events").filter { Self.camera(of: $0) == "quiet" }
            #expect(seen.isEmpty, "losses were taken for motion: \(seen.map { $0["started_at"] ?? "" })")
            let quietStatus = try await vedette.status(of: "quiet")
            #expect(quietStatus["frames_analysed"] as? Int ?? 0 > 20, "\(quietStatus)")
            try await clips(vedette, faultyFrom: faultyFrom, wellFrom: wellFrom)
        }

        private func meanwhile(_ entry: Case, _ vedette: VedetteProcess, reconnects: [String: Int]) async throws {
            let name = entry.fault.name.rawValue
            var last: [String: Any] = [:]
            try await vedette.wait("\(name) to show", seconds: 120) {
                last = try await vedette.status(of: name)
                let error = last["error"] as? [String: Any]
                if !entry.errors.isEmpty {
                    return entry.errors.contains(error?["type"] as? String ?? "")
                        && ["failing", "offline"].contains(last["state"] as? String)
                }
                if let stream = entry.stream, "\(last[stream.key] ?? "")" != stream.value { return false }
                if entry.reconnects, (last["reconnects"] as? Int ?? 0) <= reconnects[name] ?? 0 { return false }
                return last["state"] as? String == "online"
            }
            let error = last["error"] as? [String: Any]
            print("\(name): \(last["state"] ?? "") \(error?["type"] ?? "") \(error?["detail"] ?? "")")
        }

        /// Until each of these cameras has an event that began after a moment.
        private func events(
            _ vedette: VedetteProcess, on cameras: [String], after: Double, _ when: String
        ) async throws {
            var missing = cameras
            do {
                try await vedette.wait("events \(when)", seconds: 150) {
                    // On a starved machine a request may time out; the wait itself has a limit.
                    let all = (try? await vedette.items("/v1/events")) ?? []
                    missing = cameras.filter { name in
                        !all.contains { Self.camera(of: $0) == name && (epoch($0["started_at"]) ?? 0) > after }
                    }
                    return missing.isEmpty
                }
            } catch let failure as VedetteProcess.Failure {
                throw VedetteProcess.Failure(description: "no event \(when) on \(missing): \(failure)")
            }
        }

        private func statuses(_ vedette: VedetteProcess) async throws -> [String: [String: Any]] {
            var statuses: [String: [String: Any]] = [:]
            for camera in try await vedette.items("/v1/cameras") {
                statuses[camera["name"] as? String ?? ""] = camera["status"] as? [String: Any]
            }
            return statuses
        }

        /// Every clip can be read and shows something; without damage on its way there is none in it.
        private func clips(_ vedette: VedetteProcess, faultyFrom: Double, wellFrom: Double) async throws {
            let damaging = ["loss", "truncate", "garble", "garbage", "slow", "stall"]
            var checked = 0
            for event in try await vedette.items("/v1/events") where event["state"] as? String != "recording" {
                let id = event["id"] as? String ?? ""
                let response = try await vedette.get("/v1/events/\(id)/clip.mp4")
                #expect(response.status == 200, "\(id)")
                let file = vedette.folder + "/clip.mp4"
                try Data(response.body).write(to: URL(fileURLWithPath: file))
                let clip = try ClipCheck(path: file)
                let camera = Self.camera(of: event)
                #expect(clip.firstIsKeyframe && !clip.times.isEmpty, "\(camera) \(id)")
                // A clip goes on for its post-roll of a second, and by a keyframe.
                let isHurt = damaging.contains(camera) && (epoch(event["ended_at"]) ?? 0) + 3 > faultyFrom
                if !isHurt { #expect(clip.decodeErrors == "", "\(camera) \(id)") }
                checked += 1
            }
            print("clips checked: \(checked)")
            #expect(checked >= 2 * Self.cases.count)
        }

        static func camera(of event: [String: Any]) -> String {
            event["camera_name"] as? String ?? ""
        }

        static func openFiles(of process: Int32) throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").count
        }

        static func residentKilobytes(of process: Int32) throws -> Int {
            let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
            return try #require(line.split(separator: " ").dropLast().last.flatMap { Int($0) })
        }
    }
}
