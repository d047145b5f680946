/// When a camera's sound asks for a clip.
package struct AudioTrigger: Sendable, Hashable {
    /// From this loudness on sound counts (`SoundLevel.dbfs`).
    package var levelDBFS: Double
    /// How long it must be so loud.
    package var seconds: Double
    /// It is quiet when it is so much below `levelDBFS`, in decibels.
    package var hysteresisDB: Double
    /// After it told, nothing is told until it has been quiet for so long.
    package var rearmSeconds: Double

    package static let standardSeconds = 0.5
    package static let standardHysteresisDB = 6.0
    package static let standardRearmSeconds = 5.0

    package init(
        levelDBFS: Double, seconds: Double = standardSeconds, hysteresisDB: Double = standardHysteresisDB,
        rearmSeconds: Double = standardRearmSeconds
    ) {
        self.levelDBFS = levelDBFS
        self.seconds = seconds
        self.hysteresisDB = hysteresisDB
        self.rearmSeconds = rearmSeconds
    }
}

/// What an audio trigger must satisfy, wherever it comes from.
package enum AudioTriggerRules {
    /// A setting with its name in files and JSON.
    package struct Bound: Sendable {
        package var key: String
        package var range: ClosedRange<Double>
        package var field: any (WritableKeyPath<AudioTrigger, Double> & Sendable)
        /// Nil where it must be given.
        package var standard: Double?
        package var unit: String
        package var sentence: String
    }

    package static let bounds: [Bound] = [
        Bound(
            key: "level_dbfs", range: -80...0, field: \.levelDBFS, standard: nil, unit: "dBFS",
            sentence:
                "Loudness from which on sound counts, RMS over 0.1 s: a sine of full scale has -3, speech near the "
                + "camera often -30, a quiet room less than -50. The camera's status tells what it hears (`sound_level_dbfs`)."
        ),
        Bound(
            key: "seconds", range: 0.1...30, field: \.seconds, standard: AudioTrigger.standardSeconds, unit: "seconds",
            sentence: "How long it must be so loud; quieter moments count against it."),
        Bound(
            key: "hysteresis_db", range: 0...40, field: \.hysteresisDB, standard: AudioTrigger.standardHysteresisDB,
            unit: "dB", sentence: "It is quiet again when it is so much below `level_dbfs`."),
        Bound(
            key: "rearm_seconds", range: 0...3600, field: \.rearmSeconds, standard: AudioTrigger.standardRearmSeconds,
            unit: "seconds", sentence: "The next event needs so much quiet before it."),
    ]
}
