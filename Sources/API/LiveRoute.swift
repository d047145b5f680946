import Domain
import Hummingbird
import ServiceLifecycle

/// `GET /v1/cameras/{id}/live.mp4`: a camera's stream as it comes, as a fragmented MP4 that does not end by itself.
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
            let withAudio = query.flag("audio") ?? true
            try query.finish()
            let principal = try context.signedIn
            let camera = try await cameras.camera(
                try context.identifier("id", "camera"), of: context.organization)
            let seat = try seats.take(for: principal.actor)
            let close = context.closeConnection
            guard let view = try await monitor.live(of: camera.id, withAudio: withAudio, onTooSlow: close) else {
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
