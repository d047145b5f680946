import AsyncAlgorithms
import Domain
import Hummingbird

/// `GET /v1/events/stream`: server-sent events.
struct EventStreamRoute {
    let hub: EventHub
    static let heartbeatSeconds = 15.0

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/events/stream") { _, context in
            let organization = context.organization
            let messages = hub.subscribe()
            return Response(
                status: .ok,
                headers: [
                    .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store",
                ],
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "retry: 2000\nevent: hello\ndata: {}\n\n"))
                    let ticks = AsyncTimerSequence(
                        interval: .seconds(Self.heartbeatSeconds), clock: .continuous
                    ).map { _ in EventHub.Message?.none }
                    for try await message in merge(messages.map { EventHub.Message?.some($0) }, ticks) {
                        guard let message else {
                            try await writer.write(ByteBuffer(string: ": still here\n\n"))
                            continue
                        }
                        guard message.organization == organization else { continue }
                        try await writer.write(ByteBuffer(string: message.text))
                    }
                    try await writer.finish(nil)
                })
        }
    }
}
