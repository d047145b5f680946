import Domain
import Hummingbird
import ServiceLifecycle

/// `GET /v1/cameras/{id}/live.mp4`: a camera's stream as it comes, or encoded to H.264 for who cannot play that, as a
/// fragmented MP4 that does not end by itself.
struct LiveRoute {
    let cameras: any CameraStore
    let monitor: any CameraMonitor
    let accounts: Accounts
    let seats: LiveSeats
    /// A viewer that takes nothing for so long is cut, where its queue did not do so already.
    static let stallSeconds = 10.0
    /// How often it is asked whether the viewer may still see the camera.
    static let checkSeconds = 15.0

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/cameras/:id/live.mp4") { request, context in
            var query = QueryReader(request)
            let wish = LiveWish(
                codecs: query.parsed("video", "a list of h264 and h265 with commas between", Self.codecs) ?? [],
                withAudio: query.flag("audio") ?? true)
            try query.finish()
            let principal = try context.signedIn
            let camera = try await cameras.camera(
                try context.identifier("id", "camera"), of: context.organization)
            let seat = try seats.take(for: principal.actor)
            let close = context.closeConnection
            guard let view = try await view(of: camera, wish, onTooSlow: close) else {
                let reason = monitor.status(of: camera.id)?.error?.detail ?? "it has not delivered a picture yet"
                throw Problem(
                    .unavailable, "camera `\(camera.name)` has no live picture now: \(reason)",
                    headers: [.retryAfter: "2"])
            }
            let check = LiveCheck(
                cameras: cameras, accounts: accounts, camera: camera.id, principal: principal,
                credential: context.credential)
            return Response(
                status: .ok, headers: [.contentType: view.contentType, .cacheControl: "no-store"],
                body: ResponseBody { writer in
                    try await Self.send(view, to: &writer, check: check, close: close)
                    try await writer.finish(nil)
                    withExtendedLifetime(seat) {}
                })
        }
    }

    private static func codecs(_ text: String) -> Set<VideoCodec>? {
        let names = text.split(separator: ",", omittingEmptySubsequences: false)
        let codecs = names.compactMap { VideoCodec(rawValue: String($0)) }
        return codecs.count == names.count ? Set(codecs) : nil
    }

    private func view(
        of camera: Camera, _ wish: LiveWish, onTooSlow: @escaping @Sendable () -> Void
    ) async throws -> (any LiveView)? {
        do {
            return try await monitor.live(of: camera.id, wish, onTooSlow: onTooSlow)
        } catch let refusal as LiveRefusal {
            let reason =
                switch refusal {
                case .noRoom(0): "encoding for live views is switched off (`live_transcodes`)"
                case .noRoom(let most):
                    "\(most) cameras are being encoded already, which is the most here (`live_transcodes`)"
                case .cannotEncode(let reason): reason
                }
            throw Problem(
                .unavailable,
                "camera `\(camera.name)` does not send H.264, and its pictures cannot be encoded for you now: \(reason) "
                    + "A player of H.265 gets them as they are with `video=h264,h265`.",
                headers: [.retryAfter: "10"])
        }
    }

    /// Returns when the view ends, the viewer may not see it any more, or the server is to stop.
    private static func send(
        _ view: any LiveView, to writer: inout any ResponseBodyWriter, check: LiveCheck,
        close: @escaping @Sendable () -> Void
    ) async throws {
        let watch = StallWatch()
        let pieces = AsyncStream(unfolding: { await view.next() }).cancelOnGracefulShutdown()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await watch.run(limitSeconds: stallSeconds, close: close) }
            defer { group.cancelAll() }
            var checked = ContinuousClock.now
            for await piece in pieces {
                watch.begin()
                try await writer.write(ByteBuffer(bytes: piece))
                watch.end()
                guard checked.duration(to: .now) > .seconds(checkSeconds) else { continue }
                checked = .now
                guard await check.mayGoOn() else { return }
            }
        }
    }
}

/// Asks again, in a long answer, whether who reads it still may.
struct LiveCheck: Sendable {
    let cameras: any CameraStore
    let accounts: Accounts
    let camera: Identifier<Camera>
    let principal: Principal
    let credential: Credential?

    func mayGoOn() async -> Bool {
        guard let credential else { return false }
        do {
            guard try await accounts.principal(of: credential) == principal else { return false }
            // The response is written outside of the request's own scope.
            _ = try await RestrictedViewer.$current.withValue(principal.isRestricted ? principal.user : nil) {
                try await cameras.camera(camera, of: principal.organization)
            }
            return true
        } catch StoreError.notFound {
            return false
        } catch {
            // The database is away: that is no reason to send people away too.
            return true
        }
    }
}
