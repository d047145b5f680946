/// Draws shapes into an I420 picture that someone else owns. Coordinates in pixels, origin top left; what falls outside
/// is left out.
struct Canvas {
    struct Colour {
        var y: UInt8
        var u: UInt8
        var v: UInt8
    }

    let pixels: UnsafeMutableBufferPointer<UInt8>
    let width: Int
    let height: Int

    /// Fills all points within `radius` of a line: a limb, or a disc where both ends are the same.
    func fill(from a: (x: Double, y: Double), to b: (x: Double, y: Double), radius: Double, _ colour: Colour) {
        let (dx, dy) = (b.x - a.x, b.y - a.y)
        let lengthSquared = dx * dx + dy * dy
        visit(
            left: min(a.x, b.x) - radius, top: min(a.y, b.y) - radius, right: max(a.x, b.x) + radius,
            bottom: max(a.y, b.y) + radius
        ) { x, y in
            let (px, py) = (Double(x) - a.x, Double(y) - a.y)
            let along = lengthSquared > 0 ? min(1, max(0, (px * dx + py * dy) / lengthSquared)) : 0
            let (ox, oy) = (px - dx * along, py - dy * along)
            guard ox * ox + oy * oy <= radius * radius else { return }
            set(x, y, colour)
        }
    }

    /// Darkens an ellipse: a shadow on the ground.
    func shade(ellipseAtX centreX: Double, y centreY: Double, radiusX: Double, radiusY: Double) {
        visit(
            left: centreX - radiusX, top: centreY - radiusY, right: centreX + radiusX, bottom: centreY + radiusY
        ) { x, y in
            let (px, py) = ((Double(x) - centreX) / radiusX, (Double(y) - centreY) / radiusY)
            guard px * px + py * py <= 1 else { return }
            let index = y * width + x
            pixels[index] = UInt8(Int(pixels[index]) * 3 / 4)
        }
    }

    /// A slanted brighter line downwards.
    func streak(x: Int, y: Int, length: Int, brighter: Int) {
        for step in 0..<length {
            let (px, py) = (x - step / 4, y + step)
            guard px >= 0, py < height else { return }
            let index = py * width + px
            pixels[index] = UInt8(min(235, Int(pixels[index]) + brighter))
        }
    }

    /// Scales the brightness of the whole picture.
    func dim(to level: Double) {
        let table = (0..<256).map { UInt8(clamping: 16 + Int(Double($0 - 16) * level)) }
        table.withUnsafeBufferPointer { table in
            for index in 0..<width * height { pixels[index] = table[Int(pixels[index])] }
        }
    }

    private func set(_ x: Int, _ y: Int, _ colour: Colour) {
        pixels[y * width + x] = colour.y
        guard (x | y) & 1 == 0 else { return }
        let chroma = width * height + (y / 2) * (width / 2) + x / 2
        pixels[chroma] = colour.u
        pixels[chroma + width * height / 4] = colour.v
    }

    private func visit(left: Double, top: Double, right: Double, bottom: Double, _ body: (Int, Int) -> Void) {
        func span(_ low: Double, _ high: Double, below limit: Int) -> Range<Int> {
            let start = min(Double(limit), max(0, low.rounded(.down)))
            return Int(start)..<Int(min(Double(limit), max(start, high.rounded(.up) + 1)))
        }
        let (columns, rows) = (span(left, right, below: width), span(top, bottom, below: height))
        for y in rows { for x in columns { body(x, y) } }
    }
}
