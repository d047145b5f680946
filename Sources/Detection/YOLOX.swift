internal import Domain

/// How YOLOX lays out its output: for each anchor of the strides 8, 16 and 32, row by row, the box's centre and size
/// relative to the anchor, an objectness and 80 class scores.
enum YOLOX {
    static let sidePixels = 416
    /// What is drawn where the input has no picture.
    static let fill: UInt8 = 114
    static let strides = [8, 16, 32]
    static let columns = 85
    static let anchors = strides.map { (sidePixels / $0) * (sidePixels / $0) }.reduce(0, +)
    static var outputCount: Int { anchors * columns }

    /// A found object in pixels of the network's input.
    struct Found: Hashable, Sendable {
        var classIndex: Int
        var score: Double
        var box: Box
        var centreX: Double { box.x + box.width / 2 }
        var centreY: Double { box.y + box.height / 2 }
    }

    /// The objects in a raw output of `outputCount` values that score at least `minimumScore`, repeats of one class
    /// removed. One place may carry several classes.
    static func objects(in output: [Float], minimumScore: Float) -> [Found] {
        guard output.count == outputCount else { return [] }
        var found: [Found] = []
        var row = 0
        for stride in strides {
            let cells = sidePixels / stride
            for cell in 0..<(cells * cells) {
                let at = (row + cell) * columns
                let objectness = output[at + 4]
                // A score is objectness times class score, and no class score is above one.
                guard objectness >= minimumScore else { continue }
                let width = exponential(output[at + 2]) * Double(stride)
                let height = exponential(output[at + 3]) * Double(stride)
                let centreX = (Double(output[at]) + Double(cell % cells)) * Double(stride)
                let centreY = (Double(output[at + 1]) + Double(cell / cells)) * Double(stride)
                guard width.isFinite, height.isFinite, centreX.isFinite, centreY.isFinite else { continue }
                for index in 0..<(columns - 5) where objectness * output[at + 5 + index] >= minimumScore {
                    found.append(
                        Found(
                            classIndex: index, score: Double(min(1, objectness * output[at + 5 + index])),
                            box: Box(x: centreX - width / 2, y: centreY - height / 2, width: width, height: height)))
                }
            }
            row += cells * cells
        }
        return withoutRepeats(found)
    }

    /// Non-maximum suppression within each class.
    private static func withoutRepeats(_ found: [Found]) -> [Found] {
        var kept: [Found] = []
        for candidate in found.sorted(by: { $0.score > $1.score }) {
            let isRepeat = kept.contains {
                $0.classIndex == candidate.classIndex && $0.box.likeness(candidate.box) > 0.45
            }
            if !isRepeat { kept.append(candidate) }
            if kept.count == 200 { break }
        }
        return kept
    }
}
