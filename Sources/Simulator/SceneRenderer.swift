/// Draws the frames of a scene as I420. The same scene gives the same bytes on every machine.
struct SceneRenderer {
    private let scene: Scene
    private let width: Int
    private let height: Int
    /// The empty scene with a few samples of sensor noise, so that a frame is a copy and not a computation.
    private let backgrounds: [[UInt8]]
    private let chroma: [UInt8]

    private static let noiseSamples = 6

    init(scene: Scene) {
        self.scene = scene
        // I420 halves both sides.
        width = scene.widthPixels & ~1
        height = scene.heightPixels & ~1
        let clean = SceneBackground.luma(width: width, height: height, seed: scene.seed)
        var random = SplitMix(state: scene.seed &* 977)
        backgrounds = (0..<Self.noiseSamples).map { _ in
            var luma = clean
            luma.withUnsafeMutableBufferPointer { luma in
                var bits: UInt64 = 0
                for index in luma.indices {
                    if index & 15 == 0 { bits = random.next() }
                    // Two bits each: −1, 0, 0 or +1.
                    let noise = Int(bits & 1) - Int(bits >> 1 & 1)
                    luma[index] = UInt8(clamping: Int(luma[index]) + noise)
                    bits >>= 2
                }
            }
            return luma
        }
        chroma = SceneBackground.chroma(width: width, height: height)
    }

    var byteCount: Int { width * height * 3 / 2 }

    /// Draws frame `number` into `picture`, which has `byteCount` bytes.
    func draw(frame number: Int, into picture: UnsafeMutableBufferPointer<UInt8>) {
        let seconds = Double(number) / Double(scene.framesPerSecond)
        var random = SplitMix(state: scene.seed &+ UInt64(number) &* 7919)
        backgrounds[Int(random.next() % UInt64(Self.noiseSamples))].withUnsafeBufferPointer { luma in
            _ = picture.update(fromContentsOf: luma)
        }
        chroma.withUnsafeBufferPointer { chroma in
            _ = UnsafeMutableBufferPointer(rebasing: picture[(width * height)...]).update(fromContentsOf: chroma)
        }
        let canvas = Canvas(pixels: picture, width: width, height: height)
        for action in scene.actions where action.isActive(at: seconds) {
            switch action.kind {
            case .figure: draw(figure: action, at: seconds, on: canvas)
            case .rain: draw(rain: action, random: &random, on: canvas)
            case .light: break
            }
        }
        // Light last: it falls on everything.
        for action in scene.actions where action.kind == .light && action.isActive(at: seconds) {
            canvas.dim(to: action.level)
        }
    }

    private func draw(figure: Scene.Action, at seconds: Double, on canvas: Canvas) {
        let progress = (seconds - figure.startSeconds) / (figure.endSeconds - figure.startSeconds)
        let x = (figure.fromX + (figure.toX - figure.fromX) * progress) * Double(width)
        let tall = figure.height * Double(height)
        let feet = figure.feetY * Double(height)
        // One full swing of the legs per 0.8 of the body's height walked.
        let walked = abs(figure.toX - figure.fromX) * progress * Double(width)
        let swing = Sine.of(turns: walked / (tall * 0.8))
        let bob = abs(swing) * tall * 0.015

        let hip = feet - tall * 0.47 + bob
        let shoulder = feet - tall * 0.80 + bob
        let limb = tall * 0.045
        let trousers = Canvas.Colour(y: 44, u: 138, v: 122)
        let jacket = Canvas.Colour(y: 176, u: 90, v: 168)
        let sleeve = Canvas.Colour(y: 150, u: 92, v: 164)
        let skin = Canvas.Colour(y: 158, u: 110, v: 152)
        let hair = Canvas.Colour(y: 36, u: 126, v: 130)

        canvas.shade(ellipseAtX: x, y: feet, radiusX: tall * 0.22, radiusY: tall * 0.035)
        for side in [-1.0, 1.0] {
            let step = swing * side * tall * 0.2
            let knee = (x: x + step * 0.55 + tall * 0.02, y: (hip + feet) / 2)
            canvas.fill(from: (x + side * tall * 0.03, hip), to: knee, radius: limb * 1.25, trousers)
            canvas.fill(from: knee, to: (x + step, feet - limb * 0.6 - max(0, step) * 0.1), radius: limb, trousers)
        }
        canvas.fill(from: (x, shoulder + tall * 0.05), to: (x, hip), radius: tall * 0.095, jacket)
        for side in [-1.0, 1.0] {
            let reach = -swing * side * tall * 0.15
            let elbow = (x: x + side * tall * 0.085 + reach * 0.4, y: shoulder + tall * 0.17)
            canvas.fill(from: (x + side * tall * 0.085, shoulder + tall * 0.02), to: elbow, radius: limb * 0.85, sleeve)
            canvas.fill(from: elbow, to: (elbow.x + reach * 0.6, shoulder + tall * 0.31), radius: limb * 0.75, sleeve)
        }
        let head = (x: x, y: shoulder - tall * 0.09)
        canvas.fill(from: (head.x, head.y - tall * 0.02), to: (head.x, head.y - tall * 0.02), radius: tall * 0.075, hair)
        canvas.fill(from: (head.x, head.y + tall * 0.015), to: (head.x, head.y + tall * 0.015), radius: tall * 0.06, skin)
    }

    private func draw(rain: Scene.Action, random: inout SplitMix, on canvas: Canvas) {
        for _ in 0..<Int(180 * rain.level) {
            let bits = random.next()
            let x = Int(bits & 0xffff) % width
            let y = Int(bits >> 16 & 0xffff) % height
            let length = 6 + Int(bits >> 32 & 0xff) % 14
            canvas.streak(x: x, y: y, length: length, brighter: 18 + Int(bits >> 40 & 31))
        }
    }
}

/// The sine of a fraction of a turn, by Bhaskara's formula: enough for swinging legs, and the same bits everywhere.
enum Sine {
    static func of(turns: Double) -> Double {
        let part = turns - turns.rounded(.down)
        let degrees = part * 360
        let half = degrees < 180 ? degrees : degrees - 180
        let value = 4 * half * (180 - half) / (40_500 - half * (180 - half))
        return degrees < 180 ? value : -value
    }
}

/// A small generator with a defined sequence (SplitMix64).
struct SplitMix: RandomNumberGenerator, Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
