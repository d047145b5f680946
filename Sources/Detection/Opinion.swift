internal import Domain

/// What the sightings in an event's pictures say together.
struct Opinion: Sendable {
    /// At or above this a label is found.
    static let threshold = 0.5
    /// At or above this, and below the threshold, a label is perhaps there.
    static let doubt = 0.3
    /// A second picture that says so at least this surely strengthens the first.
    static let agreement = 0.35

    struct Finding: Hashable, Sendable {
        var label: WantedLabel
        /// 0–1, all pictures together.
        var score: Double
        /// The most that one picture shows.
        var count: Int
        /// How many pictures show it at least with doubt.
        var pictures: Int
    }

    /// One for each label, most certain first.
    var findings: [Finding]

    /// - Parameters:
    ///   - sightings: of what moved (see `MovementFilter`), from all looks.
    ///   - pictureCount: how many pictures there are.
    init(labels: [WantedLabel], sightings: [Sighting], pictureCount: Int) {
        let kept = Self.withoutConfusions(Self.withoutPieces(sightings))
        findings = labels.map { label in
            var best = [Double](repeating: 0, count: pictureCount)
            for sighting in kept where label.classes.contains(sighting.classIndex) {
                best[sighting.picture] = max(best[sighting.picture], sighting.score)
            }
            if label.text == "vehicle" {
                for picture in best.indices {
                    best[picture] = max(best[picture], Self.selfMovingVehicle(kept.filter { $0.picture == picture }))
                }
            }
            let score = Self.together(best)
            return Finding(
                label: label, score: score, count: Self.count(label, kept, atLeastOne: score >= Self.threshold),
                pictures: best.count { $0 >= Self.doubt })
        }.sorted { $0.score > $1.score }
    }

    var found: [Finding] { findings.filter { $0.score >= Self.threshold } }
    var doubtful: [Finding] { findings.filter { $0.score >= Self.doubt && $0.score < Self.threshold } }
    var bestScore: Double { findings.map(\.score).max() ?? 0 }

    /// The best picture, strengthened by the second best where that is sure enough to be more than noise: the chance
    /// that not both are wrong.
    static func together(_ best: [Double]) -> Double {
        let ordered = best.sorted(by: >)
        guard let first = ordered.first else { return 0 }
        guard ordered.count > 1, ordered[1] >= agreement else { return first }
        return 1 - (1 - first) * (1 - ordered[1])
    }

    /// The chance that a picture's moving thing is a vehicle although the plain look takes it for a lifeless thing.
    ///
    /// A telephone does not cross a yard by itself. If something is surely there and moves, it is a person, an animal or
    /// a vehicle, so its certainty is shared out among these by their scores; the 0.1 stands for "none of them" and keeps
    /// noise small.
    static func selfMovingVehicle(_ sightings: [Sighting]) -> Double {
        func best(_ isWanted: (Sighting) -> Bool) -> Double { sightings.filter(isWanted).map(\.score).max() ?? 0 }
        let thing = best { $0.look == .plain && $0.kind == .thing }
        let vehicle = best { $0.look == .flattened && $0.kind == .vehicle }
        guard thing >= threshold, vehicle > 0 else { return 0 }
        let living = best { $0.kind == .person } + best { $0.kind == .animal }
        return thing * vehicle / (vehicle + living + 0.1)
    }

    /// A piece of something is easily taken for something else, so it does not count where the whole was surely seen.
    static func withoutPieces(_ sightings: [Sighting]) -> [Sighting] {
        let wholes = sightings.filter { !$0.isCut && $0.look == .plain && $0.score >= threshold }
        return sightings.filter { sighting in
            guard sighting.isCut else { return true }
            return !wholes.contains {
                $0.picture == sighting.picture && $0.box.intersectionArea(sighting.box) >= 0.7 * sighting.box.area
            }
        }
    }

    /// One moving thing has one name: where a person and an animal are seen at the same place of the same picture, the
    /// kind that the event's pictures are clearly surer of stays.
    static func withoutConfusions(_ sightings: [Sighting]) -> [Sighting] {
        func best(_ kind: COCOClasses.Kind) -> Double {
            sightings.filter { $0.kind == kind && $0.look == .plain }.map(\.score).max() ?? 0
        }
        let person = best(.person)
        let animal = best(.animal)
        guard person > 0, animal > 0, abs(person - animal) >= 0.15 else { return sightings }
        let (winner, loser): (COCOClasses.Kind, COCOClasses.Kind) =
            person > animal ? (.person, .animal) : (.animal, .person)
        let winners = sightings.filter { $0.kind == winner && $0.look == .plain }
        return sightings.filter { sighting in
            guard sighting.kind == loser else { return true }
            return !winners.contains { $0.picture == sighting.picture && $0.box.nesting(sighting.box) >= 0.6 }
        }
    }

    private static func count(_ label: WantedLabel, _ sightings: [Sighting], atLeastOne: Bool) -> Int {
        let sure = sightings.filter { label.classes.contains($0.classIndex) && $0.score >= 0.4 }
        let counts = Dictionary(grouping: sure, by: \.picture).values.map { inPicture in
            withoutRepeats(inPicture) { $0.box.likeness($1.box) > 0.45 || $0.box.nesting($1.box) > 0.7 }.count
        }
        return max(counts.max() ?? 0, atLeastOne ? 1 : 0)
    }
}
