import Domain
import Logging
import Synchronization

/// One segment being made: its file's writer, and what is found out about it meanwhile.
///
/// Fed from its connection's task. Two pieces of work follow in any order, each in a task of its own: the file is finished,
/// and it is decided whether it is kept; the later one settles it.
final class SegmentRecording: Sendable {
    private struct State {
        var startsAt: WallTime
        var ends: (wall: WallTime, media: MediaTime)?
        var file: FinishedClip?
        var decision: (keep: Bool, hasMotion: Bool)?
        var isSettled = false
    }
    let draft: SegmentDraft
    let writer: any ClipWriter
    private let stream: StreamDescription
    private let spool: any SegmentSpool
    private let logger: Logger
    private let state: Mutex<State>

    init(
        draft: SegmentDraft, stream: StreamDescription, writer: any ClipWriter, spool: any SegmentSpool, logger: Logger
    ) {
        self.draft = draft
        self.stream = stream
        self.writer = writer
        self.spool = spool
        self.logger = logger
        state = Mutex(State(startsAt: draft.startsAt))
    }

    /// Corrects the start by what is known of the clock by now, and notes the end; nil: the last picture tells it.
    func cut(startsAt: WallTime?, ends: (wall: WallTime, media: MediaTime)?) {
        state.withLock { state in
            if let startsAt { state.startsAt = startsAt }
            state.ends = ends
        }
    }

    /// Completes the file, so that a crash takes nothing of it any more. Never throws.
    func finishFile() async {
        do {
            let clip = try await writer.finish()
            state.withLock { $0.file = clip }
            await settleIfReady()
        } catch {
            // What was written stays in the spool, with its draft, and is recovered at the next start.
            logger.error(
                "a segment could not be completed", metadata: ["segment": "\(draft.id)", "error": "\(error)"])
            await writer.abandon()
        }
    }

    func decide(keep: Bool, hasMotion: Bool) async {
        state.withLock { $0.decision = (keep, hasMotion) }
        await settleIfReady()
    }

    private func settleIfReady() async {
        let ready = state.withLock { state -> (State, FinishedClip, keep: Bool, hasMotion: Bool)? in
            guard !state.isSettled, let file = state.file, let decision = state.decision else { return nil }
            state.isSettled = true
            return (state, file, decision.keep, decision.hasMotion)
        }
        guard let (state, file, keep, hasMotion) = ready else { return }
        guard keep else { return spool.discard(draft.id) }
        let seconds = file.durationSeconds
        let outcome = SegmentOutcome(
            startsAt: state.startsAt, endsAt: state.ends?.wall ?? state.startsAt.advanced(bySeconds: seconds),
            mediaEnd: state.ends?.media ?? draft.mediaStart.advanced(bySeconds: seconds), clip: file,
            codec: stream.codec, widthPixels: stream.widthPixels, heightPixels: stream.heightPixels,
            hasMotion: hasMotion, isInterrupted: false)
        do {
            try await spool.finish(draft, outcome)
        } catch {
            logger.error("a segment was not kept", metadata: ["segment": "\(draft.id)", "error": "\(error)"])
        }
    }
}
