internal import Domain

/// Which parts of which pictures are drawn where on the network's square input.
///
/// Values only: the pixel work is the detector's.
struct ViewPlan: Hashable, Sendable {
    struct Rectangle: Hashable, Sendable {
        var x: Int
        var y: Int
        var width: Int
        var height: Int
    }
    struct Size: Hashable, Sendable {
        var width: Int
        var height: Int
    }
    struct Tile: Hashable, Sendable {
        var picture: Int
        /// In pixels of the picture, whose size is `whole`.
        var source: Rectangle
        var whole: Size
        /// In pixels of the input.
        var target: Rectangle
    }
    var tiles: [Tile]
    var look: Sighting.Look

    /// One part of a picture, as large as the input allows, in its own proportions, at the top left.
    static func plain(picture: Int, source: Rectangle, whole: Size) -> ViewPlan {
        let side = YOLOX.sidePixels
        let scale = min(Double(side) / Double(source.width), Double(side) / Double(source.height))
        let target = Rectangle(
            x: 0, y: 0, width: min(side, max(1, Int((Double(source.width) * scale).rounded()))),
            height: min(side, max(1, Int((Double(source.height) * scale).rounded()))))
        return ViewPlan(
            tiles: [Tile(picture: picture, source: source, whole: whole, target: target)], look: .plain)
    }

    /// The square around a moving region, with room around it; nil where it would show little less than the picture.
    ///
    /// Small and far objects are seen larger so. It is never smaller than a share of the picture: without its
    /// surroundings a detail is easily taken for something else.
    static func region(around box: Box, in whole: Size) -> Rectangle? {
        let width = Double(whole.width)
        let height = Double(whole.height)
        let longest = max(width, height)
        let wanted = max(max(box.width * width, box.height * height) * 1.6, longest * 0.35)
        guard wanted.isFinite, wanted < longest * 0.75 else { return nil }
        let regionWidth = min(wanted, width)
        let regionHeight = min(wanted, height)
        let x = min(max((box.x + box.width / 2) * width - regionWidth / 2, 0), width - regionWidth)
        let y = min(max((box.y + box.height / 2) * height - regionHeight / 2, 0), height - regionHeight)
        guard x.isFinite, y.isFinite else { return nil }
        return Rectangle(
            x: Int(x), y: Int(y), width: max(1, Int(regionWidth)), height: max(1, Int(regionHeight)))
    }

    /// How flat the pictures are made for vehicles seen from above.
    ///
    /// The network learned vehicles from photographs taken at eye level. A camera high above the road shows them too
    /// long, and the network takes them for telephones. Flattening the picture is roughly what lowering the camera would
    /// do; as the right amount depends on the camera's height, several are tried.
    static let flattenings = [0.444, 0.38, 0.32]
    private static let rows = 4

    /// The pictures flattened by `factor`, four under one another on each input.
    static func overhead(_ pictures: [(picture: Int, whole: Size)], factor: Double) -> [ViewPlan] {
        let side = YOLOX.sidePixels
        let rowHeight = side / rows
        return stride(from: 0, to: pictures.count, by: rows).map { first in
            let tiles = pictures[first..<min(first + rows, pictures.count)].enumerated().map { row, entry in
                let width = Double(entry.whole.width)
                let height = Double(entry.whole.height) * factor
                let scale = min(Double(side) / width, Double(rowHeight) / height)
                return Tile(
                    picture: entry.picture,
                    source: Rectangle(x: 0, y: 0, width: entry.whole.width, height: entry.whole.height),
                    whole: entry.whole,
                    target: Rectangle(
                        x: 0, y: row * rowHeight, width: min(side, max(1, Int((width * scale).rounded()))),
                        height: min(rowHeight, max(1, Int((height * scale).rounded())))))
            }
            return ViewPlan(tiles: Array(tiles), look: .flattened)
        }
    }

    /// What was found on the input, in fractions of the picture it was found in.
    func sightings(_ found: [YOLOX.Found]) -> [Sighting] {
        found.compactMap { object in
            guard let tile = tiles.first(where: { $0.target.contains(object.centreX, object.centreY) }) else {
                return nil
            }
            let scaleX = Double(tile.source.width) / Double(tile.target.width)
            let scaleY = Double(tile.source.height) / Double(tile.target.height)
            func fraction(_ value: Double, _ target: Int, _ scale: Double, _ source: Int, _ whole: Int) -> Double {
                min(1, max(0, ((value - Double(target)) * scale + Double(source)) / Double(whole)))
            }
            let box = object.box
            let left = fraction(box.x, tile.target.x, scaleX, tile.source.x, tile.whole.width)
            let right = fraction(box.x + box.width, tile.target.x, scaleX, tile.source.x, tile.whole.width)
            let top = fraction(box.y, tile.target.y, scaleY, tile.source.y, tile.whole.height)
            let bottom = fraction(box.y + box.height, tile.target.y, scaleY, tile.source.y, tile.whole.height)
            return Sighting(
                picture: tile.picture, classIndex: object.classIndex, score: object.score,
                box: Box(x: left, y: top, width: right - left, height: bottom - top), look: look,
                isCut: tile.cuts(object.box))
        }
    }
}

extension ViewPlan.Tile {
    /// Whether a box on the input reaches an edge of this tile behind which the picture goes on.
    fileprivate func cuts(_ box: Box) -> Bool {
        let margin = 4.0
        let left = Double(target.x)
        let top = Double(target.y)
        return source.x > 0 && box.x < left + margin || source.y > 0 && box.y < top + margin
            || source.x + source.width < whole.width && box.x + box.width > left + Double(target.width) - margin
            || source.y + source.height < whole.height && box.y + box.height > top + Double(target.height) - margin
    }
}

extension ViewPlan.Rectangle {
    fileprivate func contains(_ pointX: Double, _ pointY: Double) -> Bool {
        pointX >= Double(x) && pointX < Double(x + width) && pointY >= Double(y) && pointY < Double(y + height)
    }
}
