import Foundation
import Simulator
import Testing

extension EndToEnd {
    @Suite(.serialized) struct ExportTests {
        @Test(.timeLimit(.minutes(20)))
        func `a span and events become files that others open, also when the process is killed in between`()
            async throws
        {
            let site = SimulatedSite(SimulatedSite.Configuration(port: 0, streams: []))
            _ = try site.start()
            defer { site.stop() }
            try await site.ready()
            let vedette = try VedetteProcess(
                settings: """
                    segment_seconds: 4
                    cameras:
                      - {name: gate, url: "\(try site.url(for: "gate"))", record: continuous, pre_roll_seconds: 1, post_roll_seconds: 1}
                    """)
            do {
                try await vedette.start()
                let camera = try #require(try await vedette.items("/v1/cameras").first?["id"] as? String)
                try await vedette.wait("segments and an event", seconds: 400) {
                    let spans = try await vedette.items("/v1/cameras/\(camera)/recordings")
                    let events = try await vedette.items("/v1/events").count
                    return (spans.first?["segments"] as? Int ?? 0) >= 4 && events >= 1
                }
                let span = try #require(try await vedette.items("/v1/cameras/\(camera)/recordings").first)
                let from = try #require(span["starts_at"] as? String)
                let to = try #require(span["ends_at"] as? String)
                let event = try #require(try await vedette.items("/v1/events").last?["id"] as? String)
                let wish = #"{"camera_id": "\#(camera)", "from": "\#(from)", "to": "\#(to)""#
                let wishes = [wish + "}", wish + #", "format": "mp4"}"#, #"{"event_ids": ["\#(event)"]}"#]
                var ids: [String] = []
                for wish in wishes {
                    let response = try await vedette.post("/v1/exports", wish)
                    #expect(response.status == 201, "\(String(decoding: response.body, as: UTF8.self))")
                    let made = try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
                    ids.append(try #require(made?["id"] as? String))
                }
                // While they wait or are made.
                try await vedette.kill()
                try Data([1]).write(to: URL(fileURLWithPath: vedette.dataFolder + "/exports/left.zip.part"))
                try await vedette.start()
                for id in ids {
                    try await vedette.wait("export \(id) to be ready", seconds: 400) {
                        let export = try await vedette.json("/v1/exports/\(id)")
                        #expect(export["state"] as? String != "failed", "\(export)")
                        return export["state"] as? String == "ready"
                    }
                }
                try await checkZip(ids[0], vedette, kinds: ["recording", "clip", "thumbnail", "evidence"])
                try await checkZip(ids[2], vedette, kinds: ["clip", "thumbnail", "evidence"])
                let file = try await download(ids[1], vedette, as: "span.mp4")
                let check = try ClipCheck(path: file)
                #expect(check.firstIsKeyframe && check.decodeErrors == "", "\(check.decodeErrors)")
                let seconds = try #require(epoch(to)) - (try #require(epoch(from)))
                #expect(abs((check.times.last ?? 0) - seconds) < 0.5)
                try await vedette.wait("what the kill left to be removed", seconds: 60) {
                    try FileManager.default.contentsOfDirectory(atPath: vedette.dataFolder + "/exports").count == 3
                }
            } catch {
                await vedette.cleanUp()
                throw error
            }
            await vedette.cleanUp()
        }

        /// Fetches it and compares it with what is said of it.
        private func download(_ id: String, _ vedette: VedetteProcess, as name: String) async throws -> String {
            let export = try await vedette.json("/v1/exports/\(id)")
            let response = try await vedette.get(try #require(export["url"] as? String))
            #expect(response.status == 200 && response.body.count == export["size_bytes"] as? Int)
            let file = vedette.folder + "/" + name
            try Data(response.body).write(to: URL(fileURLWithPath: file))
            #expect(
                try run("sha256sum", [file]).output.split(separator: " ").first.map(String.init)
                    == export["sha256"] as? String)
            return file
        }

        private func checkZip(_ id: String, _ vedette: VedetteProcess, kinds: Set<String>) async throws {
            let file = try await download(id, vedette, as: id + ".zip")
            let script = """
                import hashlib, json, sys, zipfile
                z = zipfile.ZipFile(sys.argv[1])
                assert z.testzip() is None
                m = json.loads(z.read('manifest.json'))
                assert set(z.namelist()) == {f['name'] for f in m['files']} | {'manifest.json'}
                for f in m['files']:
                    d = z.read(f['name'])
                    assert len(d) == f['size_bytes'] and hashlib.sha256(d).hexdigest() == f['sha256'], f
                    assert f.get('matches_original', True), f
                print(' '.join(sorted({f['kind'] for f in m['files']})), len(m['events']))
                """
            let look = try run("python3", ["-c", script, file])
            #expect(look.status == 0, "\(look.errors)")
            let said = look.output.split { $0 == " " || $0 == "\n" }.map(String.init)
            #expect(Set(said.dropLast()) == kinds && Int(said.last ?? "") ?? 0 >= 1, "\(look.output)")
        }
    }
}
