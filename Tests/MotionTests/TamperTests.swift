import Domain
import Foundation
import Motion
import TestSupport
import Testing

/// Tampering from pictures to findings.
@Suite(.ownThread)
struct TamperTests {
    /// One picture a second through analyzer and watch; the kinds found.
    private static func findings(seconds: Int, _ picture: (Int) -> Canvas) throws -> [TamperWatch.Kind] {
        let analyzer = try MotionAnalyzer()
        var watch = TamperWatch()
        return try (0..<seconds).compactMap { second in
            let time = MediaTime(seconds: Double(second))
            _ = try picture(second).withView { try analyzer.measure($0, at: time) }
            return try analyzer.scene().flatMap { watch.observe($0, at: time) }?.kind
        }
    }

    /// Large and small things of different grey.
    private static func room(seed: UInt64 = 7) -> Canvas {
        var dice = Dice(state: seed)
        var canvas = Canvas(level: 90)
        for size in [60, 40, 24, 12, 6] {
            for _ in 0..<(2400 / size) {
                canvas.fill(
                    x: Int(dice.next() % 320) - size / 2, y: Int(dice.next() % 180) - size / 2,
                    width: size, height: size / 2 + 2, level: UInt8(40 + dice.next() % 150))
            }
        }
        return canvas
    }

    /// A mean over a square of this many pixels to each side, three times: much like a lens out of focus.
    private static func blurred(_ canvas: Canvas, _ radius: Int) -> Canvas {
        var result = canvas
        for _ in 0..<3 {
            for isAcross in [true, false] {
                let source = result.pixels
                let (width, height) = (canvas.width, canvas.height)
                let (lines, length) = isAcross ? (height, width) : (width, height)
                for line in 0..<lines {
                    func place(_ along: Int) -> Int {
                        let inside = min(max(along, 0), length - 1)
                        return isAcross ? line * width + inside : inside * width + line
                    }
                    var sum = (-radius...radius).reduce(0) { $0 + Int(source[place($1)]) }
                    for along in 0..<length {
                        result.pixels[place(along)] = UInt8(sum / (2 * radius + 1))
                        sum += Int(source[place(along + radius + 1)]) - Int(source[place(along - radius)])
                    }
                }
            }
        }
        return result
    }

    private static func shifted(_ canvas: Canvas, _ across: Int) -> Canvas {
        var result = canvas
        for y in 0..<canvas.height {
            for x in 0..<canvas.width {
                result.pixels[y * canvas.width + x] = canvas.pixels[y * canvas.width + (x + across) % canvas.width]
            }
        }
        return result
    }

    @Test(arguments: ["black", "white", "cloth", "blurred", "shifted a little", "turned", "elsewhere"])
    func `a generated scene that is covered, blurred or shifted is found, and as what it is`(how: String) throws {
        let room = Self.room()
        let (after, kind): (Canvas, TamperWatch.Kind) =
            switch how {
            case "black": (Canvas(level: 6), .covered)
            case "white": (Canvas(level: 200), .covered)
            case "cloth": (Self.blurred(Self.room(seed: 99), 28), .covered)
            case "blurred": (Self.blurred(room, 4), .defocused)
            case "shifted a little": (Self.shifted(room, 14), .moved)
            case "turned": (Self.shifted(room, 110), .moved)
            default: (Self.room(seed: 1234), .moved)
            }
        var dice = Dice(state: 3)
        let found = try Self.findings(seconds: 50) { ($0 < 20 ? room : after).noisy(1.5, &dice) }
        #expect(found == [kind])
    }

    @Test func `light, night, noise and somebody close for some seconds are not tampering`() throws {
        let room = Self.room()
        var dice = Dice(state: 4)
        let found = try Self.findings(seconds: 180) { second in
            switch second {
            case 20..<50: return room.scaled(by: 0.15).noisy(2, &dice)
            case 60..<66: return Canvas(level: 30).noisy(1, &dice)
            case 80..<110: return room.scaled(by: 1.5).noisy(1, &dice)
            case 120..<150: return room.scaled(by: 0.4).noisy(5, &dice)
            default: return room.noisy(1, &dice)
            }
        }
        #expect(found.isEmpty)
    }

    /// Every clip from beginning to end, as awake (a sample a second) and as asleep (one every four).
    @Test(
        .enabled(if: SharedMedia.isAvailable, "needs shared/media and ffmpeg"), .timeLimit(.minutes(20)),
        arguments: [1.0, 4.0])
    func `no clip of a camera that nobody touched is taken for tampering`(every: Double) throws {
        let folder = try #require(SharedMedia.folder)
        let ffmpeg = try #require(SharedMedia.ffmpeg)
        for clip in try SharedMedia.load(folder).clips {
            let analyzer = try MotionAnalyzer()
            var watch = TamperWatch()
            var index = 0
            try FootageReader.read(
                folder.appending(path: "media/\(clip.file)"), ffmpeg: ffmpeg, pictureBytes: clip.width * clip.height,
                filter: "fps=\(1 / every)"
            ) { bytes in
                let time = MediaTime(seconds: Double(index) * every)
                index += 1
                _ = try analyzer.measure(
                    PictureView(
                        format: .gray8, widthPixels: clip.width, heightPixels: clip.height,
                        planes: [.init(bytes: bytes, strideBytes: clip.width)]), at: time)
                let found = try analyzer.scene().flatMap { watch.observe($0, at: time) }
                #expect(found == nil, "\(clip.file) at \(time.seconds) s")
            }
            #expect(index > 1, "\(clip.file) was not read")
        }
    }
}
