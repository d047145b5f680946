import Domain

/// Single pictures on request.
extension CameraConnection {
    /// When the newest keyframe arrived.
    var newestKeyframeArrived: WallTime? { ring.newestGroup?.first?.arrivedAt }

    /// The newest keyframe, decoded, where `frame` (the picture that was analysed last) is older or smaller than asked for; nil
    /// where it is neither, or the keyframe cannot be decoded. Waits for its turn among the looks of all cameras.
    func freshKeyframe(beyond frame: (any DecodedFrame)?, longestSidePixels: Int) async -> (any DecodedFrame)? {
        guard let stream, !isOver, let keyframe = ring.newestGroup?.first else { return nil }
        if let frame {
            let wanted = min(longestSidePixels, max(stream.widthPixels, stream.heightPixels))
            let isNew = ring.looked.map { $0 >= keyframe.presentation } ?? false
            if isNew, max(frame.widthPixels, frame.heightPixels) >= wanted { return nil }
        }
        let (wakes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let look = KeyframeLook(keyframe, of: stream, opener: ports.decoders, pool: ports.pools.looks) {
            continuation.yield()
        }
        let watchdog = Watchdog(limitSeconds: 10) { continuation.finish() }
        defer { watchdog.stop() }
        continuation.yield()
        var found: (any DecodedFrame)?
        waiting: for await _ in wakes {
            switch look.advance() {
            case .waiting: break
            case .frame(let frame):
                found = frame
                break waiting
            case .failed: break waiting
            }
        }
        await look.decoder?.close()
        return found
    }
}
