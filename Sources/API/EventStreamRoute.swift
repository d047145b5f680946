import AsyncAlgorithms
import Domain
import Hummingbird
import ServiceLifecycle

/// `GET /v1/events/stream`: server-sent events. After a pause, `Last-Event-ID` brings what was missed, from the database, so
/// that it does not matter how long the pause was or which process answers.
struct EventStreamRoute {
    let hub: EventHub
    let accounts: Accounts
    let clock: any WallClock
    static let heartbeatSeconds = 15.0
    /// A reader that takes nothing for so long is cut.
    static let stallSeconds = 30.0

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/events/stream") { request, context in
            let principal = try context.signedIn
            // Before the database is asked, so that nothing falls between.
            guard let messages = hub.subscribe(for: principal.actor) else {
                throw Problem(
                    .rateLimited, "\(EventHub.mostStreams) event streams of this user or key are open already",
                    headers: [.retryAfter: "30"])
            }
            var missed: [EventChange]? = []
            if let last = request.headers[.lastEventID], !last.isEmpty {
                missed = try await hub.missed(since: last, of: context.organization, now: clock.now)
            }
            let reader = EventReader(
                hub: hub, accounts: accounts, principal: principal, credential: context.credential,
                grants: try await grants(of: principal), started: EventHub.text(of: clock.now))
            let close = context.closeConnection
            let made = missed
            return Response(
                status: .ok,
                headers: [
                    .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store",
                ],
                body: ResponseBody { writer in
                    let watch = StallWatch()
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask { await watch.run(limitSeconds: Self.stallSeconds, close: close) }
                        defer { group.cancelAll() }
                        // The server waits for its answers when it stops, and this one has no end.
                        for try await text in reader.texts(missed: made, messages: messages)
                            .cancelOnGracefulShutdown()
                        {
                            watch.begin()
                            try await writer.write(ByteBuffer(string: text))
                            watch.end()
                        }
                    }
                    try await writer.finish(nil)
                })
        }
    }

    private func grants(of principal: Principal) async throws -> CameraGrants? {
        guard principal.isRestricted, let user = principal.user else { return nil }
        return try await accounts.store.user(user, of: principal.organization).grants ?? CameraGrants()
    }
}

/// What one reader is told.
struct EventReader: Sendable {
    let hub: EventHub
    let accounts: Accounts
    let principal: Principal
    let credential: Credential?
    let grants: CameraGrants?
    /// Id of the first message.
    let started: String

    /// Ends when the reader is too slow, its session has ended, or the server stops.
    func texts(
        missed: [EventChange]?, messages: AsyncStream<EventHub.Message>
    ) -> some AsyncSequence<String, Never> & Sendable {
        let ticks = AsyncTimerSequence(
            interval: .seconds(EventStreamRoute.heartbeatSeconds), clock: .continuous
        ).map { _ in EventHub.Message?.none }
        let live = merge(messages.map { EventHub.Message?.some($0) }, ticks)
            .map { message in await text(of: message) }
            // An ended session ends the stream.
            .prefix { $0 != nil }
            .map { $0 ?? "" }
            .filter { !$0.isEmpty }
        return chain(beginning(missed).async, chain(replay(missed ?? []), live))
    }

    private func beginning(_ missed: [EventChange]?) -> [String] {
        // What is replayed carries older ids than `hello`, so with a replay `hello` has none.
        let id = missed?.isEmpty ?? true ? "id: \(started)\n" : ""
        let hello = "retry: 2000\nevent: hello\n\(id)data: {}\n\n"
        return missed == nil ? [hello, "event: reset\ndata: {}\n\n"] : [hello]
    }

    private func replay(_ missed: [EventChange]) -> some AsyncSequence<String, Never> & Sendable {
        missed.async.map { change in
            // As the reader may see it: the response is written outside of the request's own scope.
            let message = await RestrictedViewer.$current.withValue(principal.isRestricted ? principal.user : nil) {
                try? await hub.message(for: change)
            }
            return message?.text ?? ""
        }.filter { !$0.isEmpty }
    }

    /// Empty for what is not for this reader; nil where the reader may not read any more.
    private func text(of message: EventHub.Message?) async -> String? {
        guard let message else { return await mayGoOn() ? ": still here\n\n" : nil }
        guard message.organization == principal.organization else { return "" }
        if let grants, let place = message.place, !grants.cover(place.site, place.camera) { return "" }
        return message.text
    }

    private func mayGoOn() async -> Bool {
        guard let credential else { return false }
        do {
            return try await accounts.principal(of: credential) == principal
        } catch {
            // The database is away: that is no reason to send people away too.
            return true
        }
    }
}
