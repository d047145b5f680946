internal import CGStreamerRTSPServerShims
import Synchronization

/// A gst-rtsp-server with its main loop on a thread of its own, and an alarm on that thread.
final class RTSPServer: @unchecked Sendable {
    // Immutable after init. Listening and stopping are guarded by `listening`; the rest is documented as thread-safe by
    // the server and by GLib, and must not take a lock here: closing clients waits for their threads, and those set
    // the alarm.
    private let pointer: OpaquePointer
    private let listening = Mutex(())

    /// Starts the thread. `tick` is called on it whenever the alarm goes off; it lives until this object is gone.
    init(address: String, port: UInt16, tick: @escaping @Sendable () -> Void) throws(SimulatorError) {
        let (pointer, reason) = Self.withMessage { message, capacity in
            crtsp_server_start(
                address, port, { Callback<@Sendable () -> Void>.body(of: $0)() }, Callback.retained(tick),
                releaseCallback, message, capacity)
        }
        guard let pointer else {
            throw SimulatorError(.listening, "the RTSP server's thread does not start: \(reason)")
        }
        self.pointer = pointer
    }

    /// Must not happen on the server's thread; does not once `stop` has been called.
    deinit {
        crtsp_server_stop(pointer)
        crtsp_server_free(pointer)
    }

    /// Now, on the monotonic clock that alarms are set on, in nanoseconds.
    static var now: Int64 { crtsp_now() }

    /// Sets when `tick` is called next; nil for never.
    func setAlarm(_ instant: Int64?) { crtsp_server_set_alarm(pointer, instant ?? -1) }

    /// Begins to listen, on the same port as before where there was one; returns the port.
    func listen(on address: String) throws(SimulatorError) -> UInt16 {
        let (port, reason) = listening.withLock { _ in
            Self.withMessage { message, capacity in
                crtsp_server_listen(pointer, message, capacity) ? crtsp_server_port(pointer) : nil
            }
        }
        guard let port else {
            throw SimulatorError(.listening, "cannot listen on \(address): \(reason); choose another port, or 0")
        }
        return port
    }

    func unlisten() { listening.withLock { _ in crtsp_server_unlisten(pointer) } }

    /// Closes the connections of all clients, or of those that play a mount point; how many.
    @discardableResult
    func closeClients(of path: String? = nil) -> Int { Int(crtsp_server_close_clients(pointer, path)) }

    var clientCount: Int { Int(crtsp_server_client_count(pointer)) }

    /// Demands a user for every mount point added after this.
    func demand(_ credentials: SimulatedSite.Credentials) {
        crtsp_server_set_credentials(
            pointer, credentials.user, credentials.password, credentials.scheme != .digest,
            credentials.scheme != .basic)
    }

    /// Takes TLS connections and no others; for every mount point added after this.
    func speakTLS(_ identity: SimulatedSite.Identity) throws(SimulatorError) {
        let (done, reason) = Self.withMessage { message, capacity in
            crtsp_server_set_certificate(pointer, identity.certificateFile, identity.keyFile, message, capacity)
                ? true : nil
        }
        guard done != nil else {
            throw SimulatorError(.configuration, "the certificate cannot be used: \(reason)")
        }
    }

    /// Adds a mount point. `onMedia` is called on a client's thread for each media that is made, and may block it.
    func mount(
        _ path: String, description: String, isShared: Bool, speaksRTCP: Bool,
        onMedia: @escaping @Sendable (borrowing NewMedia) -> Void
    ) {
        crtsp_server_mount(
            pointer, path, description, isShared, speaksRTCP,
            { media, context in
                Callback<@Sendable (borrowing NewMedia) -> Void>.body(of: context)(NewMedia(pointer: media))
            }, Callback.retained(onMedia), releaseCallback)
    }

    /// Stops listening, hangs up on everybody and joins the thread; idempotent. Not to be called from `tick`.
    func stop() { listening.withLock { _ in crtsp_server_stop(pointer) } }

    private static func withMessage<Value>(
        _ body: (UnsafeMutablePointer<CChar>, Int) -> Value?
    ) -> (Value?, String) {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { message in
            message.initialize(repeating: 0)
            guard let base = message.baseAddress else { return (nil, "") }
            return (body(base, message.count), String(cString: base))
        }
    }
}

/// A media that the server is about to prepare. Valid only during the callback.
struct NewMedia: ~Copyable {
    enum State { case playing, paused, gone }

    fileprivate let pointer: OpaquePointer

    /// The named `appsrc`; nil where there is none.
    func source(_ name: String) -> MediaSource? {
        crtsp_media_source(pointer, name).map { MediaSource(takingOwnershipOf: $0) }
    }

    /// Lets the media send what it is given at once: the feed sets the pace.
    func sendAtOnce() { crtsp_media_send_at_once(pointer) }

    /// Leaves the parameter sets out of the camera's answer to DESCRIBE.
    func hideParameterSets(of payloader: String) { crtsp_media_hide_fields(pointer, payloader, "sprop-") }

    /// Asks `body` for each RTP packet of the named payloader, on its streaming thread, what becomes of it.
    func onPacket(
        _ payloader: String,
        _ body: @escaping @Sendable (UInt32) -> (decision: PacketFaults.Decision, timestamp: UInt32)
    ) {
        crtsp_media_on_packet(
            pointer, payloader,
            { timestamp, replacement, context in
                typealias Body = @Sendable (UInt32) -> (decision: PacketFaults.Decision, timestamp: UInt32)
                let (decision, replaced) = Callback<Body>.body(of: context)(timestamp)
                replacement.pointee = replaced
                return switch decision {
                case .send: 0
                case .lose: 1
                case .hold: 2
                }
            }, Callback.retained(body), releaseCallback)
    }

    /// `body` is called on client threads and the server's thread.
    func onState(_ body: @escaping @Sendable (State) -> Void) {
        crtsp_media_on_state(
            pointer,
            { state, context in
                // GST_STATE_PLAYING is 4, GST_STATE_PAUSED 3; "unprepared" comes as 0.
                Callback<@Sendable (State) -> Void>.body(of: context)(
                    state == 4 ? .playing : state == 0 ? .gone : .paused)
            }, Callback.retained(body), releaseCallback)
    }
}
