import Domain
import Foundation

/// The shared clips and what is true of them.
struct Footage: Decodable {
    struct Interval: Decodable {
        var start: Double
        var end: Double
        var label: String?
    }
    struct Clip: Decodable {
        var file: String
        var width: Int
        var height: Int
        var truth: [Interval]
        var idle: [Interval]
    }
    var clips: [Clip]

    static func load() throws -> Footage {
        let path = (SharedFolder.path ?? "") + "/media/media.json"
        return try JSONDecoder().decode(Footage.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// Four pictures spread over an interval as a recorder would keep them: JPEG, longest side at most 768, each with
    /// the largest region that changed in the half second before.
    static func evidence(_ clip: Clip, _ interval: Interval, phase: Double = 0.15) -> [JudgeRequest.Picture] {
        (0..<4).compactMap { index in
            let time = interval.start + (interval.end - interval.start) * (phase + 0.7 * Double(index) / 3)
            let path = (SharedFolder.path ?? "") + "/media/" + clip.file
            let scale = "scale='if(gt(iw,ih),min(768,iw),-2)':'if(gt(iw,ih),-2,min(768,ih))':flags=area"
            guard
                let jpeg = output(
                    of: "ffmpeg",
                    [
                        "-nostdin", "-v", "error", "-ss", "\(time)", "-i", path, "-frames:v", "1", "-vf", scale,
                        "-q:v", "3", "-f", "image2pipe", "-c:v", "mjpeg", "-threads", "1", "-",
                    ]), !jpeg.isEmpty,
                let grey = output(
                    of: "ffmpeg",
                    [
                        "-nostdin", "-v", "error", "-ss", "\(max(0, time - 0.5))", "-i", path, "-vf",
                        "fps=2,scale=\(GreyPair.width):\(GreyPair.height):flags=area", "-frames:v", "2",
                        "-f", "rawvideo", "-pix_fmt", "gray", "-threads", "1", "-",
                    ])
            else { return nil }
            return JudgeRequest.Picture(jpeg: jpeg, atSeconds: time, box: GreyPair(grey)?.movingRegion())
        }
    }
}

/// Two small grey pictures half a second apart.
struct GreyPair {
    static let width = 160
    static let height = 120
    var before: ArraySlice<UInt8>
    var after: ArraySlice<UInt8>

    init?(_ bytes: [UInt8]) {
        let size = Self.width * Self.height
        guard bytes.count >= 2 * size else { return nil }
        before = bytes[0..<size]
        after = bytes[size..<(2 * size)]
    }

    /// The bounding box of the largest connected region whose luma changed; nil if none is worth the name.
    func movingRegion() -> Box? {
        let size = Self.width * Self.height
        var changed = [Bool](repeating: false, count: size)
        for index in 0..<size {
            let difference = Int(before[before.startIndex + index]) - Int(after[after.startIndex + index])
            guard abs(difference) > 15 else { continue }
            // Spread by two pixels, so that parts of one thing join.
            let (row, column) = (index / Self.width, index % Self.width)
            for y in max(0, row - 2)...min(Self.height - 1, row + 2) {
                for x in max(0, column - 2)...min(Self.width - 1, column + 2) { changed[y * Self.width + x] = true }
            }
        }
        var best: (count: Int, box: Box)?
        for start in 0..<size where changed[start] {
            var (left, right, top, bottom, count) = (Self.width, 0, Self.height, 0, 0)
            var stack = [start]
            changed[start] = false
            while let at = stack.popLast() {
                let (row, column) = (at / Self.width, at % Self.width)
                count += 1
                left = min(left, column)
                right = max(right, column)
                top = min(top, row)
                bottom = max(bottom, row)
                for (y, x) in [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
                where y >= 0 && y < Self.height && x >= 0 && x < Self.width && changed[y * Self.width + x] {
                    changed[y * Self.width + x] = false
                    stack.append(y * Self.width + x)
                }
            }
            guard count >= 40, count > best?.count ?? 0 else { continue }
            best = (
                count,
                Box(
                    x: Double(left) / Double(Self.width), y: Double(top) / Double(Self.height),
                    width: Double(right + 1 - left) / Double(Self.width),
                    height: Double(bottom + 1 - top) / Double(Self.height))
            )
        }
        return best?.box
    }
}
