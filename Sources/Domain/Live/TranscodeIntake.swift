/// Which units go into a transcoder: all, unless it does not keep up. A value: no I/O, no clock.
///
/// What it begins with (a whole GOP up to now) may wait, and that allowance only shrinks as it is worked off. Past it by
/// `longestWaitSeconds` everything is left out until the way in is nearly empty and a keyframe comes.
package struct TranscodeIntake: Sendable {
    /// Of the stream's time.
    package static let longestWaitSeconds = 3.0
    /// With so little waiting, a keyframe goes in again.
    package static let resumeSeconds = 1.0
    package static let mostWaitingBytes = 64 << 20

    private var waiting: [(presentation: MediaTime, bytes: Int)] = []
    private var waitingBytes = 0
    private var allowanceSeconds: Double
    private var needsKeyframe = false
    /// Units that were left out.
    package private(set) var skipped = 0

    /// `backlog` goes in at once, whole.
    package init(_ backlog: [AccessUnit] = []) {
        for unit in backlog where unit.track == .video {
            waiting.append((unit.presentation, unit.payload.byteCount))
            waitingBytes += unit.payload.byteCount
        }
        allowanceSeconds = .infinity
    }

    /// Whether the next unit goes in. `queuedBytes` of what was admitted have not been taken yet.
    package mutating func admits(_ unit: AccessUnit, queuedBytes: Int) -> Bool {
        taken(upTo: queuedBytes)
        let seconds = waiting.first.map { max(0, unit.presentation.seconds(since: $0.presentation)) } ?? 0
        allowanceSeconds = min(allowanceSeconds, seconds)
        if needsKeyframe {
            guard unit.isKeyframe, seconds <= Self.resumeSeconds else { return skip() }
            needsKeyframe = false
        }
        let bytes = unit.payload.byteCount
        guard seconds <= Self.longestWaitSeconds + allowanceSeconds, waitingBytes + bytes <= Self.mostWaitingBytes
        else { return skip() }
        waiting.append((unit.presentation, bytes))
        waitingBytes += bytes
        return true
    }

    private mutating func taken(upTo queuedBytes: Int) {
        var gone = 0
        while gone < waiting.count, waitingBytes > queuedBytes {
            waitingBytes -= waiting[gone].bytes
            gone += 1
        }
        waiting.removeFirst(gone)
    }

    private mutating func skip() -> Bool {
        needsKeyframe = true
        skipped += 1
        return false
    }
}
