import Testing

@testable import Simulator

struct FaultScriptTests {
    @Test func `a script in YAML or JSON is read as it was meant`() throws {
        let yaml = try FaultScript.entries(
            from: """
                - {at: 20s, camera: gate, fault: loss, share: 0.05, for: 10s}
                - at: 1.5m
                  fault: drop
                  every: 500ms
                - {at: 3, camera: "*", fault: drift, ppm: -200}
                """, file: "faults.yaml")
        #expect(
            yaml == [
                .init(atSeconds: 20, camera: "gate", fault: .loss(share: 0.05), forSeconds: 10),
                .init(atSeconds: 90, fault: .drop, everySeconds: 0.5),
                .init(atSeconds: 3, fault: .drift(partsPerMillion: -200)),
            ])
        let json = try FaultScript.entries(
            from: #"[{"at": "1h", "fault": "endless-sdp", "for": "2s", "every": "1m"}]"#, file: "faults.json")
        #expect(json == [.init(atSeconds: 3600, fault: .endlessSDP, forSeconds: 2, everySeconds: 60)])
    }

    @Test func `every fault can be written`() throws {
        for name in Misbehaviour.Name.allCases {
            let amount = name.amount.map { ", \($0.key): \($0.range.upperBound)" } ?? ""
            let entries = try FaultScript.entries(from: "- {at: 1s, fault: \(name.rawValue)\(amount)}", file: "x")
            #expect(entries.map(\.fault.name) == [name])
        }
    }

    @Test(arguments: [
        ("- {at: 1s, fault: los, share: 0.1}", "line 1: unknown fault \"los\"; use one of drop"),
        ("- {at: 1s, fault: drop}\n- {at: 1s, fault: loss}", "line 2: loss needs share"),
        ("- {at: 1s, fault: loss, share: 2}", "share is not a number from 0 to 1"),
        ("- {at: 1s, fault: loss, share: nan}", "share is not a number"),
        ("- {at: soon, fault: drop}", "at is \"soon\" and not a time"),
        ("- {at: -1s, fault: drop}", "at is \"-1s\""),
        ("- {at: 1s, fault: drop, for: 2s}", "happens once"),
        ("- {at: 1s, fault: stall, every: 2s}", "needs a shorter for"),
        ("- {at: 1s, fault: stall, for: 2s, every: 2s}", "needs a shorter for"),
        ("- {at: 1s, fault: drop, share: 1}", "drop has no \"share\""),
        ("- {fault: drop}", "at is missing"), ("- {at: 1s}", "fault is missing"), ("- drop", "not an entry"),
        ("at: 1s", "not a list"), ("", "not a list"), ("- {", "not YAML"),
    ])
    func `a script that makes no sense is refused with the reason and the place`(text: String, reason: String) {
        let error = #expect(throws: SimulatorError.self) {
            try FaultScript.entries(from: text, file: "faults.yaml")
        }
        #expect(error?.description.contains("faults.yaml") == true)
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test func `a script for a camera that is not there, or that cannot do it, is refused before serving`() {
        func refuse(_ entry: FaultScript.Entry, _ reason: String) {
            let site = SimulatedSite(
                .init(
                    port: 0,
                    streams: [
                        .init(scene: SmallScene.make("gate")),
                        .init(name: "film", source: .file(path: "/nowhere/film.mp4")),
                    ], script: FaultScript(entries: [entry])))
            let error = #expect(throws: SimulatorError.self) { try site.start() }
            #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
        }
        refuse(.init(atSeconds: 1, camera: "door", fault: .drop), "names a camera door; this site has gate, film")
        refuse(.init(atSeconds: 1, camera: "film", fault: .codec), "film plays a file and cannot change its codec")
    }

    @Test func `a schedule goes through all cameras in order of time`() {
        let streams = ["a", "b"].map { SimulatedSite.Stream(scene: SmallScene.make($0)) }
        var schedule = FaultSchedule(
            FaultScript(entries: [
                .init(atSeconds: 5, camera: "b", fault: .stall, forSeconds: 2),
                .init(atSeconds: 3, fault: .drop, everySeconds: 3),
            ]), streams: streams)
        let steps = (0..<5).compactMap { _ in schedule.next() }
        #expect(steps.map(\.atSeconds) == [3, 3, 5, 6, 6])
        #expect(steps.map(\.camera) == ["a", "b", "b", "a", "b"])
        #expect(steps[2].forSeconds == 2)
        var once = FaultSchedule(
            FaultScript(entries: [.init(atSeconds: 1, camera: "a", fault: .drop)]), streams: streams)
        #expect(once.next() != nil)
        #expect(once.next() == nil)
    }

    @Test func `random faults are the same for the same seed and leave room to recover`() {
        let streams = [
            SimulatedSite.Stream(scene: SmallScene.make("a")), .init(name: "f", source: .file(path: "f.mp4")),
        ]
        func steps(_ seed: UInt64) -> [FaultSchedule.Step] {
            var schedule = FaultSchedule(FaultScript(randomSeed: seed), streams: streams)
            return (0..<400).compactMap { _ in schedule.next() }
        }
        let some = steps(7)
        #expect(some == steps(7))
        #expect(some != steps(8))
        #expect(Set(some.filter { $0.camera == "a" }.map(\.fault.name)) == Set(Misbehaviour.Name.allCases))
        #expect(!some.contains { $0.camera == "f" && $0.fault.name.needsScene })
        for camera in ["a", "f"] {
            let own = some.filter { $0.camera == camera }
            for (earlier, later) in zip(own, own.dropFirst()) {
                #expect(later.atSeconds - earlier.atSeconds - (earlier.forSeconds ?? 0) >= 8)
            }
        }
    }

    @Test func `packets are lost, held and retimed as asked`() {
        var faults = PacketFaults(clockRate: 90_000, seed: 1, jumpedSeconds: 4)
        #expect(faults.next(timestamp: 4_294_960_000, active: [], jumpedSeconds: 4) == (.send, 4_294_960_000))
        // Over the wrap of the timestamp, an hour's jump and a clock that is 1 % fast.
        let drift = Misbehaviour.drift(partsPerMillion: 10_000)
        let next = faults.next(timestamp: 82_704, active: [drift], jumpedSeconds: 3604)
        #expect(next.timestamp == 82_704 + 900 + 324_000_000)
        let after = faults.next(timestamp: 172_704, active: [], jumpedSeconds: 3604)
        #expect(after.timestamp == 172_704 + 900 + 324_000_000)
        var counts = [PacketFaults.Decision: Int]()
        for number in 0..<10_000 {
            let decision = faults.next(
                timestamp: UInt32(number), active: [.loss(share: 0.1), .reorder(share: 0.2)], jumpedSeconds: 4
            ).decision
            counts[decision, default: 0] += 1
        }
        #expect((900...1100).contains(counts[.lose] ?? 0), "\(counts)")
        #expect((1600...2000).contains(counts[.hold] ?? 0), "\(counts)")
    }

    @Test func `requests are taken off the front of what arrived`() {
        var bytes = Array("DESCRIBE rtsp://x RTSP/1.0\r\ncseq:  7\r\n\r\nOPTI".utf8)
        #expect(RTSPRequestHead(takingFrom: &bytes)?.method == "DESCRIBE")
        #expect(RTSPRequestHead(takingFrom: &bytes) == nil)
        #expect(bytes == Array("OPTI".utf8))
        bytes = Array("\r\n\r\n".utf8)
        #expect(RTSPRequestHead(takingFrom: &bytes)?.sequence == "0")
    }
}
