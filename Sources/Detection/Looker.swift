internal import Domain
internal import OpenCVKit

/// Looks at an event's pictures with one of the detectors. Blocks; used by one thread at a time.
final class Looker {
    enum Detector {
        case yolox(ObjectDetector)
        case hog(PeopleDetector)
    }
    /// Sightings below this are noise.
    static let minimumScore: Float = 0.1
    private let detector: Detector

    init(_ detector: Detector) { self.detector = detector }

    /// What the pictures show of what moved; nil when `isCancelled` said so between two inferences.
    ///
    /// Cost with YOLOX, in inferences: one for each picture, one more for each with a small moving region, and three for
    /// every four pictures whose movement is still unexplained, if vehicles are looked for.
    func sightings(
        in pictures: [JudgeRequest.Picture], labels: [WantedLabel], zones: [Zone] = [], isCancelled: () -> Bool
    ) throws(ObjectDetectorError) -> [Sighting]? {
        var decoded: [ObjectDetectorPicture] = []
        for picture in pictures { decoded.append(try ObjectDetectorPicture(jpeg: picture.jpeg)) }
        let filter = MovementFilter(boxes: pictures.map(\.box), zones: zones)
        switch detector {
        case .hog(let people):
            var seen: [Sighting] = []
            for (index, picture) in decoded.enumerated() {
                if isCancelled() { return nil }
                seen += try people.people(in: picture).map { Sighting(picture: index, $0, in: picture) }
            }
            return filter.moving(seen)
        case .yolox(let network):
            var seen: [Sighting] = []
            for (index, picture) in decoded.enumerated() {
                let whole = ViewPlan.Size(width: picture.widthPixels, height: picture.heightPixels)
                let all = ViewPlan.Rectangle(x: 0, y: 0, width: whole.width, height: whole.height)
                var parts = [all]
                if let box = pictures[index].box, let region = ViewPlan.region(around: box, in: whole) {
                    parts.append(region)
                }
                for part in parts {
                    if isCancelled() { return nil }
                    seen += try look(.plain(picture: index, source: part, whole: whole), at: decoded, with: network)
                }
            }
            if labels.contains(where: \.includesVehicles) {
                let unexplained = Self.unexplained(pictures, seen, filter)
                let sizes = unexplained.map { index in
                    (index, ViewPlan.Size(width: decoded[index].widthPixels, height: decoded[index].heightPixels))
                }
                for factor in ViewPlan.flattenings {
                    for plan in ViewPlan.overhead(sizes, factor: factor) {
                        if isCancelled() { return nil }
                        seen += try look(plan, at: decoded, with: network).filter { $0.kind == .vehicle }
                    }
                }
            }
            return filter.moving(seen)
        }
    }

    /// The pictures in which something moved (or, if nothing is known of movement, all) and the plain looks do not show
    /// surely what it was.
    private static func unexplained(
        _ pictures: [JudgeRequest.Picture], _ seen: [Sighting], _ filter: MovementFilter
    ) -> [Int] {
        let explained = Set(
            seen.filter { $0.kind != .thing && $0.score >= Opinion.threshold && filter.counts($0) }.map(\.picture))
        return pictures.indices.filter { index in
            !explained.contains(index) && (pictures[index].box != nil || !filter.knowsMovement)
        }
    }

    private func look(
        _ plan: ViewPlan, at pictures: [ObjectDetectorPicture], with network: ObjectDetector
    ) throws(ObjectDetectorError) -> [Sighting] {
        let tiles = plan.tiles.map { tile in
            ObjectDetector.Tile(
                picture: pictures[tile.picture], source: .init(tile.source), target: .init(tile.target))
        }
        let output = try network.run(tiles, fill: YOLOX.fill)
        return plan.sightings(YOLOX.objects(in: output, minimumScore: Self.minimumScore))
    }
}

extension ObjectDetector.Tile.Rectangle {
    fileprivate init(_ rectangle: ViewPlan.Rectangle) {
        self.init(x: rectangle.x, y: rectangle.y, width: rectangle.width, height: rectangle.height)
    }
}

extension Sighting {
    /// HOG's distance becomes a score by a logistic curve: 0.6 is even chance.
    fileprivate init(picture: Int, _ person: PeopleDetector.Person, in whole: ObjectDetectorPicture) {
        let width = Double(whole.widthPixels)
        let height = Double(whole.heightPixels)
        self.init(
            picture: picture, classIndex: COCOClasses.person,
            score: 1 / (1 + exponential(Float(-2 * (person.distance - 0.6)))),
            box: Box(
                x: person.x / width, y: person.y / height, width: person.width / width, height: person.height / height))
    }
}
