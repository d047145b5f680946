import Domain
import Glibc

/// Measures how loud sound is, in pieces of about a tenth of a second. A value: no I/O, no clock.
struct LevelMeter: Sendable {
    static let pieceSeconds = 0.1
    static let mostChannels = 8

    private struct Channel: Sendable {
        var sum = 0.0
        var squares = 0.0
    }
    private var channels: [Channel] = []
    private var rate = 0
    private var count = 0
    private var start = MediaTime(nanoseconds: 0)
    private var levels: [SoundLevel] = []

    /// Adds frames of interleaved samples, whole scale ±1, that begin at `time`. `sample` gives the one at an index from 0 to
    /// `frames × channelCount`. A format that makes no sense adds nothing.
    @inline(__always)
    mutating func add(
        frames: Int, channelCount: Int, rate: Int, at time: MediaTime, sample: (Int) -> Float
    ) {
        guard (1...Self.mostChannels).contains(channelCount), (1000...1_000_000).contains(rate), frames > 0 else {
            return
        }
        if channels.count != channelCount || self.rate != rate {
            channels = Array(repeating: Channel(), count: channelCount)
            self.rate = rate
            count = 0
        }
        let whole = max(1, Int(Double(rate) * Self.pieceSeconds))
        // A rest from before a gap is not mixed with what comes after it.
        if count > 0, time.seconds(since: start) > 1 + Self.pieceSeconds { clear() }
        var done = 0
        while done < frames {
            if count == 0 { start = time.advanced(bySeconds: Double(done) / Double(rate)) }
            let taken = min(frames - done, whole - count)
            for channel in 0..<channelCount {
                var sum = 0.0
                var squares = 0.0
                var index = done * channelCount + channel
                for _ in 0..<taken {
                    let value = Double(sample(index))
                    sum += value
                    squares += value * value
                    index += channelCount
                }
                channels[channel].sum += sum
                channels[channel].squares += squares
            }
            count += taken
            done += taken
            if count == whole { finishPiece() }
        }
    }

    /// The pieces that are whole since the last call.
    mutating func takeLevels() -> [SoundLevel] {
        defer { levels = [] }
        return levels
    }

    private mutating func clear() {
        for index in channels.indices { channels[index] = Channel() }
        count = 0
    }

    private mutating func finishPiece() {
        let number = Double(count)
        // The mean is what the microphone's circuit adds, not sound.
        let power = channels.map { $0.squares / number - ($0.sum / number) * ($0.sum / number) }.max() ?? 0
        let dbfs = power.isFinite && power > 0 ? 10 * log10(power) : SoundLevel.leastDBFS
        levels.append(
            SoundLevel(start: start, seconds: number / Double(rate), dbfs: max(dbfs, SoundLevel.leastDBFS)))
        clear()
    }
}
