import Dispatch
import Foundation
import GStreamerKit
import Logging
import ServiceLifecycle
import Synchronization

/// A site of RTSP cameras made from video files or generated scenes, able to misbehave on request.
///
/// Thread-safe. Between `start` and `stop` it keeps itself alive, so `stop` must be called (as `run` does).
package final class SimulatedSite: Service, Sendable {
    /// What happens to connections when the cameras become unreachable.
    package enum Outage: Sendable, Hashable {
        /// They are closed.
        case cut
        /// They stay and get nothing any more, as when a cable is pulled; closed when the cameras come back.
        case silent
    }

    struct Running {
        var server: RTSPServer
        var port: UInt16
        var feeds: [String: CameraFeed]
        var listeners: [String: FaultListener]
        var outage: Outage?
        /// By camera, where the site misbehaves by a script or on request.
        var doors: [String: CameraDoor] = [:]
        var director: FaultDirector?
        /// Scenes are made here, one after the other.
        var making: DispatchQueue
    }

    package let configuration: Configuration
    let logger: Logger
    let running = Mutex<Running?>(nil)
    // Counts wakes, so that one that comes during a tick is not overwritten by it. Never held together with `running`.
    private let wakes = Mutex(0)

    package init(_ configuration: Configuration, logger: Logger = Logger(label: "vedette.simulate")) {
        self.configuration = configuration
        self.logger = logger
    }

    // MARK: Starting and stopping

    /// Reads the files, begins to make the generated scenes, and listens. Blocks while files are read. Starting twice
    /// is the same as once.
    @discardableResult
    package func start() throws(SimulatorError) -> [ServedStream] {
        if running.withLock({ $0 != nil }) { return served() }
        do throws(GStreamerError) {
            try GStreamer.initialize()
        } catch {
            throw SimulatorError(.listening, error.description)
        }
        let streams = try configuration.checkedStreams()
        let making = DispatchQueue(label: "vedette.simulate.scenes", qos: .userInitiated)
        let server = try RTSPServer(address: configuration.address, port: configuration.port) { self.tick() }
        do throws(SimulatorError) {
            if let credentials = configuration.credentials { server.demand(credentials) }
            if let identity = configuration.identity { try server.speakTLS(identity) }
            var feeds: [String: CameraFeed] = [:]
            var listeners: [String: FaultListener] = [:]
            for stream in streams {
                if let fault = stream.fault, !fault.isServed {
                    listeners[stream.name] = try FaultListener(
                        address: configuration.address, accepts: fault == .silentAccept)
                } else {
                    feeds[stream.name] = try mount(stream, on: server, making: making)
                }
            }
            let port = try server.listen(on: "\(configuration.address):\(configuration.port)")
            var started = Running(server: server, port: port, feeds: feeds, listeners: listeners, making: making)
            if configuration.script != nil { started.doors = try doors(for: streams, feeds: feeds, server: port) }
            running.withLock { $0 = started }
            direct(streams)
        } catch {
            server.stop()
            throw error
        }
        return served()
    }

    /// Hangs up on everybody and frees everything; idempotent. Blocks for milliseconds.
    package func stop() {
        let stopped = running.withLock { running in
            defer { running = nil }
            return running
        }
        guard let stopped else { return }
        stopped.director?.stop()
        for listener in stopped.listeners.values { listener.stop() }
        for door in stopped.doors.values { door.stop() }
        stopped.server.stop()
    }

    /// Starts, serves until graceful shutdown or cancellation, stops.
    package func run() async throws {
        let served = try await Self.blocking { () throws(SimulatorError) in try self.start() }
        for stream in served { logger.info("serving", metadata: ["stream": "\(stream.name)", "url": "\(stream.url)"]) }
        try? await gracefulShutdown()
        try await Self.blocking { () throws(SimulatorError) in self.stop() }
    }

    /// Waits until every generated scene is made; throws the first that could not be.
    package func ready() async throws(SimulatorError) {
        let feeds = running.withLock { $0.map { Array($0.feeds.values) } ?? [] }
        for feed in feeds { _ = try await feed.supply.ready() }
    }

    // MARK: Misbehaving

    /// Makes all cameras of the site unreachable, or reachable again on the same port.
    package func setReachable(_ reachable: Bool, outage: Outage = .cut) throws(SimulatorError) {
        guard
            let (server, feeds, ended) = running.withLock({ running -> (RTSPServer, [CameraFeed], Outage?)? in
                guard let current = running else { return nil }
                running?.outage = reachable ? nil : outage
                return (current.server, Array(current.feeds.values), current.outage)
            })
        else { throw SimulatorError(.configuration, "the simulated site does not run; start it first") }
        if reachable {
            // Who held on through a silent outage meets a camera that has forgotten it.
            if ended == .silent { server.closeClients() }
            for feed in feeds { feed.silence(false) }
            _ = try server.listen(on: "\(configuration.address)")
            wake()
        } else {
            server.unlisten()
            switch outage {
            case .cut: server.closeClients()
            case .silent: for feed in feeds { feed.silence(true) }
            }
        }
    }

    /// Closes the connections of one stream's clients; how many there were.
    @discardableResult
    package func hangUp(_ name: String) -> Int {
        running.withLock(\.?.doors[name])?.hangUp()
        return running.withLock(\.?.server)?.closeClients(of: "/" + name) ?? 0
    }

    // MARK: Looking

    /// The URL of a stream, with these credentials in it where some are given.
    package func url(for name: String, user: String? = nil, password: String = "") throws(SimulatorError) -> String {
        let port = running.withLock { running -> UInt16? in
            guard let running else { return nil }
            if let listener = running.listeners[name] { return listener.port }
            if let door = running.doors[name] { return door.port }
            return running.feeds[name] == nil ? nil : running.port
        }
        guard let port else {
            throw SimulatorError(.unknownStream, "there is no running stream named \(name)")
        }
        func escaped(_ text: String) -> String {
            text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text
        }
        let secret = user.map { escaped($0) + ":" + escaped(password) + "@" } ?? ""
        return "rtsp\(configuration.identity == nil ? "" : "s")://\(secret)\(configuration.address):\(port)/\(name)"
    }

    /// What a stream has sent so far, and when its turns began; nil for an unknown stream.
    package func counters(of name: String) -> FeedCounters? { feed(name)?.counters }

    /// Seconds since 1970 at which the current turn's time zero was sent, or would have been: the picture of file time t
    /// of this turn is sent at that plus t. Nil before the first client.
    package func feedStarted(_ name: String) -> Double? { feed(name)?.counters.turns.last?.startedAt }

    /// What one turn of a stream holds; nil for an unknown stream or one that is still being made.
    package func content(of name: String) -> StreamContent? { feed(name)?.supply.ifReady.map { StreamContent($0) } }

    /// What one turn of a stream holds, as soon as it is made.
    package func contentWhenReady(of name: String) async throws(SimulatorError) -> StreamContent {
        guard let feed = feed(name) else {
            throw SimulatorError(.unknownStream, "there is no running stream named \(name)")
        }
        return StreamContent(try await feed.supply.ready())
    }

    /// How many RTSP clients are connected.
    package var clientCount: Int { running.withLock(\.?.server)?.clientCount ?? 0 }

    /// What is served, as lines to print; empty when not running.
    package func describe() -> String {
        served().map { "\($0.url)  \($0.summary)" }.joined(separator: "\n")
    }

    // MARK: Inside

    private func feed(_ name: String) -> CameraFeed? { running.withLock { $0?.feeds[name] } }

    private func served() -> [ServedStream] {
        let streams = (try? configuration.checkedStreams()) ?? []
        return streams.compactMap { stream in
            guard let url = try? url(for: stream.name) else { return nil }
            return ServedStream(
                name: stream.name, url: url, summary: stream.summary(content: content(of: stream.name)))
        }
    }

    /// Loads or begins to make a stream's program and serves it on its path, in place of what is served there.
    func mount(
        _ stream: Stream, on server: RTSPServer, making: DispatchQueue, faults: ActiveFaults = ActiveFaults()
    ) throws(SimulatorError) -> CameraFeed {
        let supply: MediaSupply
        let codecs: [StreamCodec]
        switch (stream.fault, stream.source) {
        case (.audioOnly, _):
            supply = MediaSupply(on: making) { () throws(SimulatorError) in try SceneEncoder.tone(seconds: 10) }
            codecs = [.aac]
        case (_, .file(let path)):
            let program = try FileLoader.load(path: path, stream.parameterSets)
            supply = MediaSupply(program)
            codecs = program.tracks.map(\.codec)
        case (_, .scene(let scene)):
            supply = MediaSupply(on: making) { () throws(SimulatorError) in
                try SceneEncoder.encode(scene, stream.parameterSets)
            }
            codecs = [scene.codec]
        }
        let feed = CameraFeed(
            name: stream.name, supply: supply, codecs: codecs, isShared: configuration.sharing == .sharedFeed,
            repeats: configuration.repetition == .loop, fault: stream.fault, faults: faults,
            firstTimestamp: stream.firstTimestamp, parameterSets: stream.parameterSets
        ) { FeedInstant(monotonic: RTSPServer.now, secondsSinceEpoch: Date().timeIntervalSince1970) }
        serve(feed, on: server)
        return feed
    }

    /// Serves a feed on its path, in place of what is served there.
    func serve(_ feed: CameraFeed, on server: RTSPServer) {
        let misbehaves = configuration.script != nil
        server.mount(
            "/" + feed.name, description: Self.description(feed),
            isShared: configuration.sharing == .sharedFeed, speaksRTCP: feed.fault != .withoutRTCP
        ) { [weak self, logger] media in
            do throws(SimulatorError) {
                try feed.attach(to: media, misbehaves: misbehaves) { [weak self] in self?.wake() }
            } catch {
                logger.error("stream cannot be served", metadata: ["stream": "\(feed.name)", "reason": "\(error)"])
            }
        }
    }

    /// The media of one client: an `appsrc` named after each track's number, and its payloader.
    private static func description(_ feed: CameraFeed) -> String {
        let offset = feed.firstTimestamp.map { " timestamp-offset=\($0)" } ?? ""
        // Before each keyframe, or never.
        let interval = feed.parameterSets == .description ? 0 : -1
        let branches = feed.codecs.enumerated().map { number, codec in
            let payloader =
                switch codec {
                case .h264: "rtph264pay config-interval=\(interval)"
                case .h265: "rtph265pay config-interval=\(interval)"
                case .mjpeg: "rtpjpegpay"
                case .aac: "rtpmp4gpay"
                case .pcma: "rtppcmapay"
                case .pcmu: "rtppcmupay"
                case .opus: "rtpopuspay"
                }
            // Not is-live: the server sends a live source's first unit before a client's transport is connected. The feed
            // sets the pace itself.
            return "appsrc name=track\(number) format=time block=false max-bytes=0"
                + " ! \(payloader)\(codec.isVideo ? offset : "") name=pay\(number) pt=\(codec == .mjpeg ? 26 : 96 + number)"
        }
        return "( \(branches.joined(separator: "  ")) )"
    }

    /// Asks for a tick at once. Any thread.
    func wake() {
        guard let server = running.withLock(\.?.server) else { return }
        wakes.withLock { wakes in
            wakes += 1
            server.setAlarm(0)
        }
    }

    /// On the server's thread: lets every feed send what is due and sets the alarm for the next.
    private func tick() {
        guard let (server, feeds) = running.withLock({ $0.map { ($0.server, Array($0.feeds.values)) } }) else { return }
        let before = wakes.withLock(\.self)
        var next: Int64?
        for feed in feeds {
            let outcome = feed.tick()
            if outcome.hangUp { server.closeClients(of: "/" + feed.name) }
            if let due = outcome.next { next = min(next ?? due, due) }
        }
        wakes.withLock { wakes in server.setAlarm(wakes == before ? next : 0) }
    }

    /// Runs blocking work off the shared thread pool.
    private static func blocking<Value: Sendable>(
        _ body: @escaping @Sendable () throws(SimulatorError) -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
        }
    }
}
