import Domain

/// One camera's pictures being encoded for those who cannot play them as they come: one transcoder, however many watch.
///
/// Belongs to the connection's actor.
final class LiveTranscode {
    /// Somebody who waits for the first picture.
    final class Waiter {
        fileprivate let wakes: AsyncStream<Void>
        fileprivate let wake: AsyncStream<Void>.Continuation

        fileprivate init() { (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }
    }
    private struct Waiting {
        // The one who waits owns it.
        weak var waiter: Waiter?
    }

    /// Sound that waits for its picture, at most: half a minute of the smallest packets.
    private static let mostSound = 2048

    private let source: StreamDescription
    private let opener: any LiveTranscoderOpener
    private let wake: @Sendable () -> Void
    /// Given back before its viewers are told that it is over, as they ask again.
    private var place: TranscodePlaces.Place?
    private var transcoder: (any LiveTranscoder)?
    private var life: TranscodeLife
    /// What viewers are given; nil before the first picture.
    private var encoded: StreamDescription?
    /// From the newest keyframe on.
    private var ring = GOPRing(keepSeconds: 0, maximumBytes: 32 << 20)
    /// Sound in its order that belongs to pictures which are not there yet.
    private var sound: [AccessUnit] = []
    /// The camera's newest picture.
    private var newest: MediaTime?
    private var viewers = LiveViewers()
    private var waiting: [Waiting] = []
    private var closed: [any LiveTranscoder] = []
    /// Why there will be no more pictures; nil while there may be.
    private(set) var end: End?

    enum End { case unwatched, connectionOver, failed(String) }

    /// `backlog` begins with a keyframe.
    init(
        _ source: StreamDescription, _ transcoding: LiveTranscoding, backlog: [AccessUnit],
        at now: ContinuousClock.Instant, wake: @escaping @Sendable () -> Void
    ) throws(LiveRefusal) {
        place = try transcoding.places.take()
        self.source = source
        opener = transcoding.opener
        self.wake = wake
        life = TranscodeLife(at: now)
        guard begin(backlog, at: now) else {
            guard case .failed(let reason)? = end else { throw .cannotEncode("It did not begin.") }
            throw .cannotEncode(reason)
        }
    }

    /// The elements at work, for the log.
    var name: String { transcoder?.name ?? "nothing" }
    /// True once it can be joined.
    var isReady: Bool { encoded != nil && ring.newestGroup != nil }

    /// Whether somebody watches or waits.
    private var watchers: Int { viewers.count + waiting.count { $0.waiter != nil } }

    /// Opens a transcoder, with others of its elements where the first fail; false where none does.
    private func begin(_ backlog: [AccessUnit], at now: ContinuousClock.Instant) -> Bool {
        while true {
            do throws(SourceError) {
                transcoder = try opener.open(source, from: backlog, wake: wake)
            } catch {
                guard life.failed(at: now) else {
                    finish(.failed(error.detail))
                    return false
                }
                continue
            }
            sound = []
            for unit in backlog { keep(unit) }
            return true
        }
    }

    /// Takes what the camera sent.
    func received(_ unit: AccessUnit, at now: ContinuousClock.Instant) {
        guard end == nil else { return }
        keep(unit)
        guard unit.track == .video else { return }
        transcoder?.add(unit)
        switch life.look(at: now, watchers: watchers) {
        case nil: break
        case .unwatched: finish(.unwatched)
        case .silent:
            finish(
                .failed(
                    "\(name) gave no picture within \(Int(TranscodeLife.longestStartSeconds)) s; "
                        + "ask for the stream as it comes, or see `vedette doctor`."))
        }
    }

    private func keep(_ unit: AccessUnit) {
        switch unit.track {
        case .video: newest = max(newest ?? unit.presentation, unit.presentation)
        case .audio:
            sound.append(unit)
            if sound.count > Self.mostSound { sound.removeFirst(sound.count / 2) }
        }
    }

    /// Hands on what was encoded. `backlog` is what the camera's newest keyframe and those after it are now.
    func advance(at now: ContinuousClock.Instant, backlog: [AccessUnit]?) {
        for item in transcoder?.drain() ?? [] {
            switch item {
            case .stream(let description):
                var description = description
                description.audioFormat = source.audioFormat
                description.audioCodec = source.audioCodec
                encoded = description
            case .accessUnit(let unit): hand(unit)
            case .failed(let error):
                closeTranscoder()
                guard let backlog, life.failed(at: now) else { return finish(.failed(error.detail)) }
                _ = begin(backlog, at: now)
                return
            }
        }
    }

    private func hand(_ picture: AccessUnit) {
        let isFirst = ring.newestGroup == nil
        ring.append(picture)
        viewers.offer(picture)
        if isFirst {
            life.pictureCame()
            sound.removeAll { $0.presentation < picture.presentation }
            wakeAll()
        }
        // Sound goes with its picture: both come late by what encoding takes.
        let due = sound.prefix { $0.presentation <= picture.presentation }
        for unit in due {
            ring.append(unit)
            viewers.offer(unit)
        }
        sound.removeFirst(due.count)
    }

    /// Somebody waits for the first picture from now on, as long as it holds what it is given.
    func wait() -> Waiter {
        let waiter = Waiter()
        waiting.removeAll { $0.waiter == nil }
        waiting.append(Waiting(waiter: waiter))
        if isReady || end != nil { waiter.wake.yield() }
        return waiter
    }

    /// A viewer from the newest encoded keyframe on; nil where there is none.
    func join(
        _ muxers: any LiveMuxerOpener, withAudio: Bool, onTooSlow: @escaping @Sendable () -> Void
    ) throws -> LiveViewer? {
        guard end == nil, let encoded, let backlog = ring.newestGroup else { return nil }
        var bounds = LiveViewer.Bounds()
        // At first what comes is what the camera sent before, and it comes quickly.
        if let newest, let last = backlog.last { bounds.seconds += max(0, newest.seconds(since: last.presentation)) }
        let viewer = LiveViewer(
            try muxers.open(encoded, withAudio: withAudio), backlog: backlog, bounds: bounds, onTooSlow: onTooSlow)
        viewers.add(viewer)
        return viewer
    }

    /// Ends it and all its viewers; idempotent.
    func finish(_ reason: End) {
        guard end == nil else { return }
        end = reason
        place = nil
        closeTranscoder()
        viewers.end()
        sound = []
        wakeAll()
    }

    /// Transcoders that are no longer needed; the caller closes them.
    func takeClosed() -> [any LiveTranscoder] {
        defer { closed = [] }
        return closed
    }

    private func closeTranscoder() {
        if let transcoder { closed.append(transcoder) }
        transcoder = nil
    }

    private func wakeAll() {
        for each in waiting { each.waiter?.wake.yield() }
        waiting.removeAll { $0.waiter == nil }
    }
}

extension LiveTranscode.Waiter {
    /// Returns when something has changed, or the task was cancelled.
    func next() async {
        var iterator = wakes.makeAsyncIterator()
        _ = await iterator.next()
    }
}
