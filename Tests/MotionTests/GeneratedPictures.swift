import Domain

/// A small deterministic generator.
struct Dice {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
    /// Roughly normal, standard deviation 1.
    mutating func normal() -> Double {
        (0..<6).reduce(0.0) { sum, _ in sum + Double(next() % 1000) / 1000 - 0.5 } * 1.41
    }
}

/// A grey picture made in memory, and the chain that looks at it.
struct Canvas {
    let width: Int
    let height: Int
    var pixels: [UInt8]

    init(width: Int = 320, height: Int = 180, level: UInt8 = 100) {
        self.width = width
        self.height = height
        pixels = Array(repeating: level, count: width * height)
    }

    /// Blocks of different grey, the same ones every time; moved by `offset` pixels.
    static func textured(offset: Int = 0, width: Int = 320, height: Int = 180) -> Canvas {
        var canvas = Canvas(width: width, height: height)
        for y in 0..<canvas.height {
            for x in 0..<canvas.width {
                let cell = ((x + offset) / 9) &* 73_856_093 ^ (y / 7) &* 19_349_663
                canvas.pixels[y * canvas.width + x] = UInt8(70 + abs(cell % 90))
            }
        }
        return canvas
    }

    /// Stripes, nothing like the blocks.
    static func striped() -> Canvas {
        var canvas = Canvas()
        for index in canvas.pixels.indices {
            canvas.pixels[index] = (index % canvas.width + index / canvas.width) / 3 % 2 == 0 ? 10 : 220
        }
        return canvas
    }

    mutating func fill(x: Int, y: Int, width side: Int, height rows: Int, level: UInt8) {
        for row in max(y, 0)..<min(y + rows, height) {
            for column in max(x, 0)..<max(min(x + side, width), max(x, 0)) { pixels[row * width + column] = level }
        }
    }

    func scaled(by gain: Double) -> Canvas {
        var result = self
        result.pixels = pixels.map { UInt8(min(Double($0) * gain, 255)) }
        return result
    }

    func noisy(_ deviation: Double, _ dice: inout Dice) -> Canvas {
        // Rows start anywhere in one table: making each value afresh takes too long without optimisation.
        let table = (0..<4096).map { _ in Int((deviation * dice.normal()).rounded()) }
        var result = self
        for row in 0..<height {
            let start = Int(dice.next() % 4096)
            for column in 0..<width {
                let index = row * width + column
                result.pixels[index] = UInt8(clamping: Int(pixels[index]) + table[(start + column) % 4096])
            }
        }
        return result
    }

    func withView<Result>(_ body: (PictureView) throws -> Result) rethrows -> Result {
        try pixels.withUnsafeBytes { bytes in
            // An array that is not empty has a base address.
            // swift-format-ignore: NeverForceUnwrap
            try body(
                PictureView(
                    format: .gray8, widthPixels: width, heightPixels: height,
                    planes: [.init(bytes: bytes.baseAddress!, strideBytes: width)]))
        }
    }
}
