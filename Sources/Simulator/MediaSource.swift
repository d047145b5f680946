internal import CGStreamerRTSPServerShims

/// One `appsrc` of a media that the RTSP server made.
final class MediaSource: @unchecked Sendable {
    // The C library documents GstAppSrc as thread-safe; the pointer is immutable.
    private let pointer: OpaquePointer

    /// More than this may not wait for a client that does not read.
    static let maximumQueuedBytes = 16 << 20

    init(takingOwnershipOf pointer: OpaquePointer) { self.pointer = pointer }

    deinit { crtsp_source_unref(pointer) }

    func set(caps: String) -> Bool { crtsp_source_set_caps(pointer, caps) }

    /// `need` is called on the streaming thread when the queue is empty.
    func onNeed(_ need: @escaping @Sendable () -> Void) {
        crtsp_source_on_need(
            pointer, { Callback<@Sendable () -> Void>.body(of: $0)() }, Callback.retained(need), releaseCallback)
    }

    /// Queues a unit of a track by reference; false when it was not taken: the pipeline has stopped, or the client is too
    /// slow.
    func push(_ unit: EncodedUnit, of bytes: MediaBytes, presentation: Int64) -> Bool {
        guard crtsp_source_queued_bytes(pointer) < Self.maximumQueuedBytes else { return false }
        let data = bytes.bytes(at: unit.offset, count: unit.byteCount)
        guard let base = data.baseAddress else { return false }
        return crtsp_source_push_shared(
            pointer, base, data.count, presentation, unit.duration, !unit.isKeyframe,
            Unmanaged.passRetained(bytes).toOpaque(), releaseCallback)
    }

    /// Queues changed bytes in a unit's place.
    func push(_ unit: EncodedUnit, garbled: [UInt8], presentation: Int64) -> Bool {
        guard crtsp_source_queued_bytes(pointer) < Self.maximumQueuedBytes else { return false }
        return garbled.withUnsafeBytes { data in
            guard let base = data.baseAddress else { return false }
            return crtsp_source_push_copy(
                pointer, base, data.count, presentation, unit.duration, !unit.isKeyframe)
        }
    }

    /// Ends the stream after what is queued.
    func end() { crtsp_source_end(pointer) }
}

/// Holds a closure for a C callback.
final class Callback<Body: Sendable>: Sendable {
    let body: Body

    init(_ body: Body) { self.body = body }

    /// A retained pointer for the C side, released by `releaseCallback`.
    static func retained(_ body: Body) -> UnsafeMutableRawPointer {
        Unmanaged.passRetained(Callback(body)).toOpaque()
    }

    static func body(of context: UnsafeMutableRawPointer) -> Body {
        Unmanaged<Callback>.fromOpaque(context).takeUnretainedValue().body
    }
}

/// The destroy notification of everything given to C retained.
func releaseCallback(_ context: UnsafeMutableRawPointer) { Unmanaged<AnyObject>.fromOpaque(context).release() }
