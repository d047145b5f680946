import Domain
import Logging
import Testing

@testable import Detection

struct EmbeddedAnalyzerTests {
    static func sighting(
        _ name: String, _ score: Double, picture: Int = 0, x: Double = 0.4, size: Double = 0.2,
        look: Sighting.Look = .plain
    ) throws -> Sighting {
        Sighting(
            picture: picture, classIndex: try #require(COCOClasses.names.firstIndex(of: name)), score: score,
            box: Box(x: x, y: 0.4, width: size, height: size), look: look)
    }

    static func opinion(_ sightings: [Sighting], labels: [String] = ["person", "vehicle", "animal"]) -> Judgement {
        Opinion(labels: labels.map(WantedLabel.init), sightings: sightings, pictureCount: 4)
            .judgement(model: "m", latencySeconds: 0, unknownLabels: [])
    }

    @Test func `a label that is surely seen is abnormal, with counts in words`() throws {
        let judgement = Self.opinion([
            try Self.sighting("person", 0.8, x: 0.1), try Self.sighting("person", 0.7, x: 0.6),
            try Self.sighting("truck", 0.6, picture: 1),
        ])
        #expect(judgement.state == .abnormal)
        #expect(judgement.labels == ["person", "vehicle"])
        #expect(judgement.summary == "2 persons, 1 vehicle")
        #expect(judgement.confidence == 0.8)
    }

    @Test func `near the threshold is uncertain, far below normal`() throws {
        #expect(Self.opinion([try Self.sighting("dog", 0.4)]).state == .uncertain)
        let normal = Self.opinion([try Self.sighting("dog", 0.2)])
        #expect(normal.state == .normal)
        #expect(normal.confidence == 0.8)
    }

    @Test func `two pictures that agree say more than one`() throws {
        let once = try Self.sighting("car", 0.4)
        let again = try Self.sighting("car", 0.4, picture: 2)
        #expect(Self.opinion([once]).state == .uncertain)
        #expect(Self.opinion([once, again]).state == .abnormal)
    }

    @Test func `a telephone that moves and looks a little like a car from above is a vehicle`() throws {
        let phone = try Self.sighting("cell phone", 0.9)
        let car = try Self.sighting("car", 0.28, look: .flattened)
        #expect(Self.opinion([phone]).state == .normal)
        #expect(Self.opinion([phone, car]).labels == ["vehicle"])
    }

    @Test func `a stooping person is not an animal as well`() throws {
        let sightings = [
            try Self.sighting("person", 0.9), try Self.sighting("person", 0.3, picture: 1),
            try Self.sighting("dog", 0.6, picture: 1),
        ]
        #expect(Self.opinion(sightings).labels == ["person"])
    }

    @Test func `a piece of a person that was seen whole is not an animal`() throws {
        var piece = try Self.sighting("dog", 0.85, size: 0.15)
        piece.isCut = true
        let person = try Self.sighting("person", 0.85)
        #expect(Self.opinion([person, piece]).labels == ["person"])
        #expect(Self.opinion([piece]).labels == ["animal"])
    }

    @Test func `a sighting at the edge of a part is cut, at the edge of the picture it is not`() throws {
        let whole = ViewPlan.Size(width: 800, height: 400)
        let plan = ViewPlan.plain(picture: 0, source: .init(x: 400, y: 0, width: 400, height: 400), whole: whole)
        func isCut(_ x: Double) -> Bool? {
            plan.sightings([YOLOX.Found(classIndex: 0, score: 0.5, box: Box(x: x, y: 0, width: 100, height: 416))])
                .first?.isCut
        }
        #expect(isCut(0) == true)
        #expect(isCut(100) == false)
        #expect(isCut(316) == false)
    }

    @Test func `what does not overlap the moving region does not count`() throws {
        let filter = MovementFilter(boxes: [Box(x: 0.0, y: 0.4, width: 0.2, height: 0.2)])
        #expect(!filter.counts(try Self.sighting("car", 0.9, x: 0.6)))
        #expect(filter.counts(try Self.sighting("car", 0.9, x: 0.05)))
        #expect(MovementFilter(boxes: [nil]).counts(try Self.sighting("car", 0.9, x: 0.6)))
    }

    @Test func `a person counts when only a hand moves, a parked car behind it does not`() throws {
        let filter = MovementFilter(boxes: [Box(x: 0.45, y: 0.45, width: 0.06, height: 0.06)])
        #expect(filter.counts(try Self.sighting("person", 0.9, x: 0.3, size: 0.5)))
        #expect(!filter.counts(try Self.sighting("car", 0.9, x: 0.3, size: 0.5)))
    }

    @Test func `outside the camera's zones nothing counts, whatever moved there`() throws {
        let street = Zone(
            name: "street", kind: .exclude,
            points: [(0.5, 0), (1, 0), (1, 1), (0.5, 1)].map { Zone.Point(x: $0.0, y: $0.1) })
        for boxes in [[nil], [Box(x: 0, y: 0, width: 1, height: 1)]] as [[Box?]] {
            let filter = MovementFilter(boxes: boxes, zones: [street])
            #expect(!filter.counts(try Self.sighting("car", 0.9, x: 0.6)))
            #expect(filter.counts(try Self.sighting("car", 0.9, x: 0.1)))
            #expect(filter.moving([try Self.sighting("person", 0.9, x: 0.7)]).isEmpty)
        }
    }

    @Test func `a car at the same place in every picture is parked`() throws {
        let everywhere = Box(x: 0, y: 0, width: 1, height: 1)
        let filter = MovementFilter(boxes: [everywhere, everywhere, everywhere])
        let parked = try (0..<3).map { try Self.sighting("car", 0.6, picture: $0) }
        #expect(filter.moving(parked).isEmpty)
        #expect(filter.moving(Array(parked.dropFirst())).count == 2)
    }

    @Test func `sightings in a part are given in fractions of the whole`() throws {
        let whole = ViewPlan.Size(width: 800, height: 400)
        let plan = ViewPlan.plain(picture: 3, source: .init(x: 400, y: 0, width: 400, height: 400), whole: whole)
        let found = YOLOX.Found(classIndex: 0, score: 0.5, box: Box(x: 104, y: 104, width: 208, height: 208))
        let sighting = try #require(plan.sightings([found]).first)
        #expect(sighting.picture == 3)
        #expect(sighting.box == Box(x: 0.625, y: 0.25, width: 0.25, height: 0.5))
    }

    @Test func `flattened pictures stay inside the input and apart`() {
        for size in [(768, 432), (432, 768), (768, 576), (8, 700), (700, 8), (1, 1)] {
            let pictures = (0..<8).map { ($0, ViewPlan.Size(width: size.0, height: size.1)) }
            let plans = ViewPlan.overhead(pictures, factor: 0.444)
            #expect(plans.count == 2)
            for tile in plans.flatMap(\.tiles) {
                #expect(tile.target.x + tile.target.width <= 416 && tile.target.width > 0)
                #expect(tile.target.height <= 104 && tile.target.height > 0)
            }
        }
    }

    @Test func `without weights the lesser detector is used and says so`() async throws {
        let analyzer = try EmbeddedAnalyzer(modelFolders: ["/nowhere"], logger: Logger(label: "test"))
        #expect(analyzer.status.detector == .hog)
        #expect(analyzer.status.isLesser)
        #expect(analyzer.status.detail.contains("/nowhere"))
        let judgement = try await analyzer.judge(makeRequest([SolidPictures.green], labels: ["person", "forklift"]))
        #expect(judgement.state == .normal)
        #expect(judgement.model == "opencv-hog")
        #expect(judgement.reason.contains("forklift"))
    }

    @Test func `bytes that are no picture are discarded`() async throws {
        let analyzer = try EmbeddedAnalyzer(modelFolders: [], logger: Logger(label: "test"))
        for bytes: [UInt8] in [
            [], [1, 2, 3], Array(SolidPictures.red.prefix(100)), [0xff, 0xd8] + Array(repeating: 0xff, count: 50),
        ] {
            do throws(JudgeError) {
                _ = try await analyzer.judge(makeRequest([bytes]))
                Issue.record("\(bytes.count) bytes were judged")
            } catch {
                #expect(error.outcome == .discard)
            }
        }
    }

    @Test func `a cancelled judgement ends at once though others are queued before it`() async throws {
        let analyzer = try EmbeddedAnalyzer(modelFolders: [], logger: Logger(label: "test"))
        let request = makeRequest([SolidPictures.red])
        let task = Task { () async -> JudgeError? in
            withUnsafeCurrentTask { $0?.cancel() }
            do throws(JudgeError) {
                _ = try await analyzer.judge(request)
                return nil
            } catch { return error }
        }
        #expect(await task.value?.outcome == .retry(afterSeconds: nil))
    }
}
