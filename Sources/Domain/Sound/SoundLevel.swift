/// How loud a short piece of a camera's sound is.
package struct SoundLevel: Sendable, Hashable {
    /// Nothing is quieter: digital silence.
    package static let leastDBFS = -120.0

    /// Where the piece begins, on the connection's timeline.
    package var start: MediaTime
    package var seconds: Double
    /// Root mean square of the loudest channel without its mean, in decibels of full scale: a square wave of full scale is 0,
    /// a sine −3.
    package var dbfs: Double

    package init(start: MediaTime, seconds: Double, dbfs: Double) {
        self.start = start
        self.seconds = seconds
        self.dbfs = dbfs
    }

    package var end: MediaTime { start.advanced(bySeconds: seconds) }
}
