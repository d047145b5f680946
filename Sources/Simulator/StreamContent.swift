/// What one turn of a stream holds.
package struct StreamContent: Sendable, Hashable {
    package var codec: StreamCodec
    package var widthPixels: Int?
    package var heightPixels: Int?
    package var framesPerSecond: Double?
    /// Units of the first track: video, or sound where there is no video.
    package var accessUnitCount: Int
    package var audioUnitCount: Int
    package var keyframeCount: Int
    package var hasAudio: Bool
    package var loopSeconds: Double
    package var byteCount: Int
    /// Presentation times of the first track in seconds from the start, rising.
    package var presentationSeconds: [Double]

    init(_ program: Program) {
        let first = program.tracks[0]
        codec = first.codec
        widthPixels = first.widthPixels
        heightPixels = first.heightPixels
        accessUnitCount = first.units.count
        keyframeCount = first.units.count(where: \.isKeyframe)
        audioUnitCount = program.tracks.filter { !$0.codec.isVideo }.reduce(0) { $0 + $1.units.count }
        hasAudio = audioUnitCount > 0
        loopSeconds = Double(program.timeline.loopNanoseconds) / 1e9
        framesPerSecond = codec.isVideo ? first.framesPerSecond ?? Double(first.units.count) / loopSeconds : nil
        byteCount = program.byteCount
        presentationSeconds = first.units.map { Double($0.presentation) / 1e9 }.sorted()
    }
}

extension SimulatedSite.Stream {
    /// What the stream is, in one line and one more per entry of its script.
    func summary(content: StreamContent?) -> String {
        if let fault, !fault.isServed { return fault.summary }
        var parts: [String] = []
        if let content {
            parts.append(content.codec.rawValue)
            if let width = content.widthPixels, let height = content.heightPixels { parts.append("\(width)×\(height)") }
            if let rate = content.framesPerSecond { parts.append("\(Self.short(rate)) fps") }
            parts.append("\(Self.short(content.loopSeconds)) s loop")
            if content.hasAudio, content.codec.isVideo { parts.append("sound") }
        } else if case .scene(let scene) = source, fault != .audioOnly {
            parts = [
                scene.codec.rawValue, "\(scene.widthPixels)×\(scene.heightPixels)", "\(scene.framesPerSecond) fps",
                "\(scene.durationSeconds) s loop",
            ]
        }
        if let fault { parts.append(fault.summary) }
        guard fault != .audioOnly else { return parts.joined(separator: ", ") }
        switch source {
        case .file(let path): return (parts + ["from \(path)"]).joined(separator: ", ")
        case .scene(let scene):
            let script = scene.actions.map { "\n    " + $0.summary }.joined()
            return (parts + ["generated"]).joined(separator: ", ") + script
        }
    }

    private static func short(_ number: Double) -> String {
        let rounded = (number * 100).rounded() / 100
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}
