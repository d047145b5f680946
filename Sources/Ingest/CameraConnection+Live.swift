import Domain

/// Who watches a camera live.
extension CameraConnection {
    /// A viewer that begins at the newest keyframe; nil where there is none yet, or no more. Throws a `LiveRefusal` where the
    /// pictures would have to be encoded and cannot be.
    func watch(_ wish: LiveWish, onTooSlow: @escaping @Sendable () -> Void) async throws -> LiveViewer? {
        guard let stream, !isOver, let backlog = ring.newestGroup else { return nil }
        guard !wish.codecs.contains(stream.codec) else {
            let viewer = LiveViewer(
                try ports.live.open(stream, withAudio: wish.withAudio), backlog: backlog, onTooSlow: onTooSlow)
            viewers.add(viewer)
            return viewer
        }
        let transcode = try transcode ?? beginTranscode(stream, backlog)
        let waiter = transcode.wait()
        while !Task.isCancelled {
            switch transcode.end {
            case .failed(let reason): throw LiveRefusal.cannotEncode(reason)
            case .unwatched, .connectionOver: return nil
            case nil: break
            }
            if transcode.isReady {
                return try transcode.join(ports.live, withAudio: wish.withAudio, onTooSlow: onTooSlow)
            }
            await waiter.next()
        }
        return nil
    }

    private func beginTranscode(
        _ stream: StreamDescription, _ backlog: [AccessUnit]
    ) throws(LiveRefusal) -> LiveTranscode {
        guard let transcoding = ports.transcoding, let wake else {
            throw .cannotEncode("Nothing encodes live views here.")
        }
        let transcode = try LiveTranscode(stream, transcoding, backlog: backlog, at: .now, wake: wake)
        self.transcode = transcode
        logger.info(
            "live view is being encoded",
            metadata: ["codec": "\(stream.codec.rawValue)", "elements": "\(transcode.name)"])
        return transcode
    }

    /// Hands on what was encoded, and forgets what has ended. Returns transcoders to close.
    func advanceTranscode() -> [any LiveTranscoder] {
        guard let transcode else { return [] }
        transcode.advance(at: .now, backlog: ring.newestGroup)
        switch transcode.end {
        case nil: break
        case .unwatched, .connectionOver:
            logger.info("live view is no longer encoded")
            self.transcode = nil
        case .failed(let reason):
            logger.warning("live view cannot be encoded", metadata: ["error": "\(reason)"])
            self.transcode = nil
        }
        return transcode.takeClosed()
    }
}
