/// The empty place of a scene: a wall, a paved ground, a fence and a window, all with texture.
enum SceneBackground {
    static func luma(width: Int, height: Int, seed: UInt64) -> [UInt8] {
        var luma = [UInt8](repeating: 0, count: width * height)
        let horizon = height * 58 / 100
        let coarse = Lattice(seed: seed, cell: 48)
        let middle = Lattice(seed: seed &+ 1, cell: 12)
        let fine = Lattice(seed: seed &+ 2, cell: 3)
        luma.withUnsafeMutableBufferPointer { luma in
            for y in 0..<height {
                let isGround = y >= horizon
                for x in 0..<width {
                    let texture =
                        coarse.value(x, y) * 26 / 256 + middle.value(x, y) * 18 / 256 + fine.value(x, y) * 14 / 256
                    var value = (isGround ? 92 + (y - horizon) * 30 / max(1, height - horizon) : 128) + texture - 29
                    if isGround {
                        // Joints of the paving, denser towards the wall.
                        let depth = (y - horizon) * 100 / max(1, height - horizon)
                        if depth % 19 == 0 || (x - width / 2) * 40 / (20 + depth) % 64 == 0 { value -= 16 }
                    } else if y > horizon - height / 5 && x % 28 < 4 {
                        value -= 34  // Fence posts.
                    } else if y < height / 3 && y > height / 10 && x > width * 6 / 10 && x < width * 8 / 10 {
                        value += (x / 9 + y / 9) % 5 == 0 ? 10 : 44  // A window.
                    }
                    luma[y * width + x] = UInt8(clamping: min(235, max(16, value)))
                }
            }
        }
        return luma
    }

    /// Both chroma planes, one after the other.
    static func chroma(width: Int, height: Int) -> [UInt8] {
        let size = width * height / 4
        let horizon = size * 58 / 100
        var chroma = [UInt8](repeating: 128, count: size * 2)
        for index in 0..<size {
            chroma[index] = index < horizon ? 124 : 126
            chroma[size + index] = index < horizon ? 134 : 127
        }
        return chroma
    }

    /// Value noise: random heights on a grid, straight lines between them.
    private struct Lattice {
        private static let side = 64
        private let heights: [Int]
        private let cell: Int

        init(seed: UInt64, cell: Int) {
            var random = SplitMix(state: seed)
            heights = (0..<Self.side * Self.side).map { _ in Int(random.next() & 255) }
            self.cell = cell
        }

        /// 0–255.
        func value(_ x: Int, _ y: Int) -> Int {
            let (column, row) = (x / cell, y / cell)
            let (alongX, alongY) = (x % cell, y % cell)
            let upper = height(column, row) * (cell - alongX) + height(column + 1, row) * alongX
            let lower = height(column, row + 1) * (cell - alongX) + height(column + 1, row + 1) * alongX
            return (upper * (cell - alongY) + lower * alongY) / (cell * cell)
        }

        private func height(_ column: Int, _ row: Int) -> Int {
            heights[row % Self.side * Self.side + column % Self.side]
        }
    }
}
