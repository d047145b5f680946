/// A generated picture sequence with a known script of what moves when. Times in seconds from the start of the loop.
package struct Scene: Sendable, Hashable, Codable {
    /// One thing that happens.
    package struct Action: Sendable, Hashable, Codable {
        package enum Kind: String, Sendable, Hashable, Codable {
            /// A person-like figure walks through: motion of interest.
            case figure
            /// The light is at another level: nothing of interest.
            case light
            /// Streaks as of rain: nothing of interest.
            case rain
        }
        package var kind: Kind
        package var startSeconds: Double
        package var endSeconds: Double
        /// Figure: where its middle is at start and end, in fractions of the width; outside 0–1 it is out of sight.
        package var fromX: Double = 0
        package var toX: Double = 0
        /// Figure: where its feet are, and how tall it is, in fractions of the picture's height.
        package var feetY: Double = 0.9
        package var height: Double = 0.4
        /// Light: factor on brightness. Rain: streaks per frame as a fraction of the usual 180.
        package var level: Double = 1

        /// A figure that comes in at one edge at `startSeconds` and has left at the other at `endSeconds`.
        package static func figure(
            _ seconds: ClosedRange<Double>, leftToRight: Bool = true, feetY: Double = 0.92, height: Double = 0.42
        ) -> Self {
            let margin = height * 0.16
            return Self(
                kind: .figure, startSeconds: seconds.lowerBound, endSeconds: seconds.upperBound,
                fromX: leftToRight ? -margin : 1 + margin, toX: leftToRight ? 1 + margin : -margin, feetY: feetY,
                height: height)
        }

        package static func light(_ seconds: ClosedRange<Double>, level: Double) -> Self {
            Self(kind: .light, startSeconds: seconds.lowerBound, endSeconds: seconds.upperBound, level: level)
        }

        package static func rain(_ seconds: ClosedRange<Double>, level: Double = 1) -> Self {
            Self(kind: .rain, startSeconds: seconds.lowerBound, endSeconds: seconds.upperBound, level: level)
        }

        func isActive(at seconds: Double) -> Bool { seconds >= startSeconds && seconds < endSeconds }

        /// One line for `describe()`.
        package var summary: String {
            let what =
                switch kind {
                case .figure: "a figure walks \(fromX < toX ? "left to right" : "right to left")"
                case .light: "the light is at \(Int((level * 100).rounded())) %"
                case .rain: "it rains"
                }
            return "\(startSeconds)–\(endSeconds) s: \(what)"
        }
    }

    package var name: String
    package var codec: StreamCodec
    package var widthPixels: Int = 640
    package var heightPixels: Int = 360
    package var framesPerSecond: Int = 10
    package var durationSeconds: Int = 60
    /// Seconds between keyframes.
    package var keyframeSeconds: Int = 2
    /// Makes the background and the noise another one.
    package var seed: UInt64 = 1
    package var actions: [Action]

    package init(
        name: String, codec: StreamCodec = .h264, widthPixels: Int = 640, heightPixels: Int = 360,
        framesPerSecond: Int = 10, durationSeconds: Int = 60, keyframeSeconds: Int = 2, seed: UInt64 = 1,
        actions: [Action]
    ) {
        self.name = name
        self.codec = codec
        self.widthPixels = widthPixels
        self.heightPixels = heightPixels
        self.framesPerSecond = framesPerSecond
        self.durationSeconds = durationSeconds
        self.keyframeSeconds = keyframeSeconds
        self.seed = seed
        self.actions = actions
    }

    var frameCount: Int { durationSeconds * framesPerSecond }

    /// What a recorder must trigger on.
    package var figures: [Action] { actions.filter { $0.kind == .figure } }

    /// The site that is served when no files are given.
    package static let builtIn: [Scene] = [
        Scene(
            name: "gate", codec: .h264, seed: 11,
            actions: [
                .figure(6...13), .figure(22...28, leftToRight: false, feetY: 0.86, height: 0.36),
                .figure(40...48, feetY: 0.96, height: 0.5), .figure(43...50, leftToRight: false, feetY: 0.84, height: 0.34),
            ]),
        Scene(
            name: "yard", codec: .h265, seed: 23,
            actions: [.figure(8...16, height: 0.38), .light(26...38, level: 0.55), .figure(46...54, leftToRight: false)]),
        Scene(
            name: "rain", codec: .h264, seed: 37,
            actions: [.rain(0...60), .figure(30...38, feetY: 0.9, height: 0.4)]),
    ]
}
