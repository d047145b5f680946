import Domain
import Logging
import Synchronization

/// One event being recorded: its clip's writer, and the pictures and boxes collected meanwhile.
///
/// Fed from its connection's task; `finish` runs after the last feeding, in a task of its own.
final class EventRecording: Sendable {
    private struct State {
        var picker = EvidencePicker<Still>()
        var thumbnail: Still?
        var boxes: [TimedBox] = []
        var zones: [String] = []
        var lastBoxes: MediaTime?
        var span: EventSpan?
        var state: Event.State = .ready
    }
    private static let evidenceLimit = 4
    private static let evidenceLongestSidePixels = 768
    private static let thumbnailLongestSidePixels = 320
    private static let maximumBoxes = 240

    let draft: EventDraft
    let writer: any ClipWriter
    private let stream: StreamDescription
    private let clipStarts: MediaTime
    /// Whether the camera has include zones.
    private let hasZones: Bool
    /// As it was when the event opened, so that all its times agree with each other.
    private let clock: ClockMap
    private let ports: IngestPorts
    private let logger: Logger
    private let state = Mutex(State())

    init(
        draft: EventDraft, stream: StreamDescription, writer: any ClipWriter, clipStarts: MediaTime, hasZones: Bool,
        clock: ClockMap, ports: IngestPorts, logger: Logger
    ) {
        self.draft = draft
        self.stream = stream
        self.writer = writer
        self.clipStarts = clipStarts
        self.hasZones = hasZones
        self.clock = clock
        self.ports = ports
        self.logger = logger
    }

    /// A moving frame: keeps its boxes now and then, and a JPEG where it is worth one.
    func moved(at time: MediaTime, score: Double, boxes: [ZonedBox], frame: any DecodedFrame) {
        let (wanted, best) = state.withLock { state -> (Bool, Bool) in
            for name in boxes.flatMap(\.zones) where !state.zones.contains(name) { state.zones.append(name) }
            if state.boxes.count < Self.maximumBoxes, state.lastBoxes.map({ time.seconds(since: $0) >= 0.5 }) ?? true {
                let seconds = time.seconds(since: clipStarts)
                state.boxes += boxes.prefix(3).map {
                    TimedBox(box: $0.box, atSeconds: seconds, zones: hasZones ? $0.zones : nil)
                }
                state.lastBoxes = time
            }
            return (state.picker.wants(at: time, score: score), state.picker.isBest(score: score))
        }
        guard wanted else { return }
        do {
            let (still, thumbnail) = try frame.withPicture { picture in
                (
                    try ports.stills.encode(
                        picture, crop: nil, longestSidePixels: Self.evidenceLongestSidePixels, quality: 85),
                    best
                        ? try ports.stills.encode(
                            picture, crop: nil, longestSidePixels: Self.thumbnailLongestSidePixels, quality: 80) : nil
                )
            }
            state.withLock { state in
                state.picker.add(at: time, score: score, box: boxes.first?.box, payload: still)
                if let thumbnail { state.thumbnail = thumbnail }
            }
        } catch {
            logger.warning("no picture of a moving frame", metadata: ["error": "\(error)"])
        }
    }

    func close(span: EventSpan, state closing: Event.State) {
        state.withLock { state in
            state.span = span
            state.state = closing
        }
    }

    /// Ends the clip and gives the event to the spool. Never throws: what cannot be kept is logged and removed.
    func finish() async {
        let collected = state.withLock { $0 }
        do {
            let clip = try await writer.finish()
            let outcome = EventOutcome(
                state: collected.state,
                endedAt: collected.span.flatMap { clock.wall($0.ended) } ?? draft.triggeredAt,
                score: collected.span?.score ?? 0, boxes: collected.boxes, clip: clip,
                stream: (stream.codec, stream.widthPixels, stream.heightPixels), thumbnail: collected.thumbnail,
                evidence: collected.picker.chosen(limit: Self.evidenceLimit).map {
                    EventOutcome.Evidence(
                        still: $0.payload, atSeconds: $0.at.seconds(since: clipStarts), box: $0.box)
                }, zones: hasZones ? collected.zones : nil)
            try await ports.spool.finish(draft, outcome)
        } catch {
            logger.error(
                "an event's clip was lost", metadata: ["event": "\(draft.id)", "error": "\(error)"])
            await writer.abandon()
            ports.spool.discard(draft.id)
        }
    }
}
