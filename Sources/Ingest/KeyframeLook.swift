import Domain

/// One keyframe being decoded alone, by a decoder that lives only for it: a decoder that is kept holds many times the
/// memory of the camera's other parts, and one that is fed single keyframes may keep the last one back.
final class KeyframeLook {
    enum Outcome {
        case waiting
        case frame(any DecodedFrame)
        case failed
    }

    let time: MediaTime
    private let unit: AccessUnit
    private let stream: StreamDescription
    private let opener: any DecoderOpener
    private let pool: DecoderPool
    private let ticket: DecoderPool.Ticket
    private let wake: @Sendable () -> Void
    private(set) var decoder: (any FrameDecoder)?

    init(
        _ unit: AccessUnit, of stream: StreamDescription, opener: any DecoderOpener, pool: DecoderPool,
        wake: @escaping @Sendable () -> Void
    ) {
        time = unit.presentation
        self.unit = unit
        self.stream = stream
        self.opener = opener
        self.pool = pool
        self.wake = wake
        ticket = pool.request(wake: wake)
    }

    deinit { pool.leave(ticket) }

    /// How far it is; call after each wake.
    func advance() -> Outcome {
        guard let decoder else {
            guard ticket.isGranted else { return .waiting }
            guard let opened = try? opener.openForOnePicture(stream, wake: wake) else { return .failed }
            decoder = opened
            opened.decode(unit)
            opened.finish()
            return .waiting
        }
        if let frame = decoder.drain().last { return .frame(frame) }
        return decoder.isFinished || decoder.failure != nil ? .failed : .waiting
    }
}
