import Domain
import Logging
import Synchronization

/// Watches one camera until it is cancelled: connects, reconnects, and runs one `CameraConnection` at a time.
///
/// Whatever a camera does ends in its own session; others never notice.
package final class CameraSession: Sendable {
    package let camera: Camera
    private let ports: IngestPorts
    private let logger: Logger
    private let offset: ZoneOffset
    let board: StatusBoard
    private let connection = Mutex<CameraConnection?>(nil)
    private let snapshots = SnapshotDesk()

    /// `offset` is the clock of the camera's site.
    package init(
        camera: Camera, ports: IngestPorts, logger: Logger, offset: @escaping ZoneOffset = { _ in 0 }
    ) {
        self.camera = camera
        self.offset = offset
        var ports = ports
        ports.decoders = ports.decoders.forOneCamera()
        ports.transcoding = ports.transcoding?.forOneCamera()
        self.ports = ports
        var logger = logger
        logger[metadataKey: "camera"] = "\(camera.name)"
        self.logger = logger
        board = StatusBoard(clock: ports.clock)
    }

    package var status: CameraStatus { board.current() }

    /// The newest picture as a JPEG, made at most once a second for each size; nil when there is none.
    package func snapshot(longestSidePixels: Int) async throws -> Still? {
        try await snapshots.still(
            of: longestSidePixels,
            shows: { [self] in
                // What was analysed is newer than the keyframe.
                board.newestFrame == nil ? await connection.withLock { $0 }?.newestKeyframeArrived : nil
            }
        ) { [self] in
            let analysed = board.newestFrame
            let fresh = await connection.withLock { $0 }?.freshKeyframe(
                beyond: analysed, longestSidePixels: longestSidePixels)
            guard let frame = fresh ?? analysed else { return nil }
            return try frame.withPicture {
                try ports.stills.encode($0, crop: nil, longestSidePixels: longestSidePixels, quality: 80)
            }
        }
    }

    /// A viewer of the connection there is; nil when it has delivered no picture.
    package func live(
        _ wish: LiveWish, onTooSlow: @escaping @Sendable () -> Void
    ) async throws -> (any LiveView)? {
        try await connection.withLock { $0 }?.watch(wish, onTooSlow: onTooSlow)
    }

    /// A clip from now on.
    package func trigger(_ trigger: Trigger) async throws(TriggerRefusal) -> TriggerReceipt {
        guard let receipt = try await connection.withLock({ $0 })?.trigger(trigger) else {
            throw .notConnected(status.error?.detail)
        }
        return receipt
    }

    /// Runs until the task is cancelled; returns when every clip of the camera is finished.
    package func run() async {
        ports.rings.enter()
        defer { ports.rings.leave() }
        var backoff = ReconnectBackoff()
        var memory: Ladder?
        var tamper: TamperWatch?
        var sound: SoundWatch?
        var schedule =
            camera.settings.schedule.isEmpty
            ? nil : ScheduleClock(camera.settings.schedule, offset: offset, now: ports.clock.now)
        while !Task.isCancelled {
            board.connecting()
            let connection = CameraConnection(
                camera: camera, ports: ports, board: board, logger: logger, memory: memory,
                tamper: tamper, schedule: schedule, sound: sound)
            self.connection.withLock { $0 = connection }
            let failure = await connection.run()
            self.connection.withLock { $0 = nil }
            memory = await connection.memory
            tamper = await connection.tamperMemory
            sound = await connection.soundMemory
            schedule = await connection.schedule
            board.newestFrame = nil
            guard !Task.isCancelled else { break }
            let delay = backoff.delaySeconds(
                onlineSeconds: board.onlineSeconds(), random: Double.random(in: 0..<1))
            board.failed(failure)
            logger.warning(
                "camera is not delivering",
                metadata: [
                    "error": "\(failure.kind.rawValue)", "detail": "\(failure.detail)",
                    "retry_seconds": "\((delay * 10).rounded() / 10)",
                ])
            try? await Task.sleep(for: .milliseconds(Int(delay * 1000)))
        }
        board.stopped()
    }
}
