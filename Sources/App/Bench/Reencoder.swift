import Foundation

/// Encodes footage anew as cameras encode, with ffmpeg.
struct Reencoder {
    struct Encoding {
        var name: String
        var gopSeconds: Double
        /// Frames a second; the source's own where nil.
        var rate: Double?
        /// The encoder and its arguments; `{kbps}` is replaced by a camera's usual rate for the size.
        var arguments: [String]

        init(_ name: String, gop: Double, rate: Double? = nil, _ arguments: [String]) {
            self.name = name
            gopSeconds = gop
            self.rate = rate
            self.arguments = arguments
        }
    }

    /// Each way to control the rate with each distance of keyframes, with and without a sensor's noise, slow and fast.
    static let encodings = [
        Encoding("h264-crf25-gop2", gop: 2, x264 + ["-crf", "25"]),
        Encoding("h264-cbr-gop4", gop: 4, x264 + cbr),
        Encoding("h265-crf28-gop2", gop: 2, x265 + ["-crf", "28"]),
        Encoding("h264-noise-cbr-gop2", gop: 2, noise + x264 + cbr),
        Encoding("h264-crf25-gop10", gop: 10, x264 + ["-crf", "25"]),
        Encoding("h264-vbr-gop4-5fps", gop: 4, rate: 5, x264 + vbr),
        Encoding("h265-cbr-gop4", gop: 4, x265 + cbr),
        Encoding("h264-vbr-gop1-30fps", gop: 1, rate: 30, x264 + vbr),
        Encoding("h265-noise-vbr-gop4-5fps", gop: 4, rate: 5, noise + x265 + vbr),
        Encoding("h264-cbr-gop10", gop: 10, x264 + cbr),
        Encoding("h264-crf30-gop1", gop: 1, x264 + ["-crf", "30"]),
        Encoding("h265-cbr-gop1-30fps", gop: 1, rate: 30, x265 + cbr),
        Encoding("h264-noise-crf25-gop4-5fps", gop: 4, rate: 5, noise + x264 + ["-crf", "25"]),
        Encoding("h264-cbr-gop2", gop: 2, x264 + cbr),
        Encoding("h265-vbr-gop2", gop: 2, x265 + vbr),
        Encoding("h265-crf28-gop10", gop: 10, x265 + ["-crf", "28"]),
        Encoding("h265-crf28-gop4", gop: 4, x265 + ["-crf", "28"]),
        Encoding("h264-vbr-gop4", gop: 4, x264 + vbr),
    ]
    private static let x264 = [
        "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-threads", "1", "-sc_threshold", "0",
    ]
    private static let x265 = [
        "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:bframes=0:scenecut=0:pools=1",
        "-tag:v", "hvc1",
    ]
    private static let noise = ["-vf", "noise=alls=8:allf=t"]
    private static let vbr = ["-b:v", "{kbps}k", "-maxrate", "{kbps2}k", "-bufsize", "{kbps2}k"]
    private static let cbr = ["-b:v", "{kbps}k", "-maxrate", "{kbps}k", "-bufsize", "{kbps}k"]

    let folder: URL

    /// Keeps what it made in `folder`; without one in a folder that `removeFolder` removes.
    init(folder: String?) throws {
        self.folder =
            folder.map { URL(fileURLWithPath: $0, isDirectory: true) }
            ?? FileManager.default.temporaryDirectory.appendingPathComponent("vedette-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
    }

    func removeFolder() { try? FileManager.default.removeItem(at: folder) }

    /// The path of `source` in another encoding, made now unless it is there.
    func encode(
        _ source: String, fps: Double, width: Int, height: Int, as name: String
    ) throws -> String {
        guard let encoding = Self.encodings.first(where: { $0.name == name }) else {
            let known = Self.encodings.map(\.name).joined(separator: ", ")
            throw StartError("there is no encoding `\(name)`; there are \(known)")
        }
        let stem = URL(fileURLWithPath: source).deletingPathExtension().lastPathComponent
        let target = folder.appendingPathComponent("\(stem).\(name).mp4")
        guard !FileManager.default.fileExists(atPath: target.path) else { return target.path }
        let part = target.path + ".part.mp4"
        let fps = encoding.rate ?? fps
        let gop = max(1, Int((fps * encoding.gopSeconds).rounded()))
        // 3 Mbit/s for 1080p at 15 frames a second, and less than in proportion for less.
        let share = Double(width * height) / (1920 * 1080)
        let kbps = Int(3000 * pow(share, 0.75) * (fps / 15).squareRoot())
        try Self.ffmpeg(
            ["-y", "-i", source, "-an"]
                + encoding.arguments.map {
                    $0.replacing("{kbps2}", with: "\(2 * kbps)").replacing("{kbps}", with: "\(kbps)")
                } + ["-r", "\(fps)", "-g", "\(gop)", "-keyint_min", "\(gop)", part])
        try FileManager.default.moveItem(atPath: part, toPath: target.path)
        return target.path
    }

    /// Pictures a second of `camera`.
    static let cameraRate = 15.0

    /// A minute of a camera, 1080p at 15 frames a second, 3 Mbit/s, a keyframe every two seconds: a still scene with the
    /// noise of a sensor (`idle`), or the same with something the size of a person that crosses it for 20 of each 30
    /// seconds (`busy`).
    func camera(_ scene: String) throws -> String {
        let target = folder.appendingPathComponent("\(scene)-1080p15.mp4")
        guard !FileManager.default.fileExists(atPath: target.path) else { return target.path }
        let (whole, part) = (target.path + ".whole.mp4", target.path + ".part.mp4")
        let still =
            "mandelbrot=size=1920x1080:rate=15:end_scale=0.3:start_scale=0.3,trim=end_frame=1,loop=1050:1:0"
        let moving: String
        switch scene {
        case "idle": moving = ""
        case "busy":
            moving =
                "[b];color=c=0x806040:size=120x360:rate=15[f];"
                + "[b][f]overlay=x='if(lt(mod(t-10,30),20),mod(t-10,30)*102-120,-200)':y=500:shortest=1"
        default: throw StartError("there is no scene `\(scene)`; there are idle and busy")
        }
        try Self.ffmpeg(
            ["-y", "-f", "lavfi", "-i", still + moving + ",noise=alls=5:allf=t,format=yuv420p", "-t", "70"] + Self.x264
                + ["-b:v", "3000k", "-maxrate", "3000k", "-bufsize", "3000k", "-g", "30", "-keyint_min", "30", whole])
        // Without the start, where the encoder still looks for its quantizer: a camera has been running for long.
        try Self.ffmpeg(["-y", "-ss", "10", "-i", whole, "-c", "copy", part])
        try FileManager.default.removeItem(atPath: whole)
        try FileManager.default.moveItem(atPath: part, toPath: target.path)
        return target.path
    }

    /// Runs ffmpeg to its end.
    static func ffmpeg(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["ffmpeg", "-v", "error", "-nostdin"] + arguments
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw StartError("ffmpeg ended with \(process.terminationStatus); is it installed?")
        }
    }
}
