import NIOCore
import NIOHTTPTypes

/// Closes the connection of a client that takes too long over one request's body, byte by byte or not at all. (The server's limit of
/// idleness is only for silence, and the headers' for what comes before.)
package final class BodyDeadline: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    /// Bodies here are some tens of kilobytes, which need less on any line.
    package static let limit = TimeAmount.seconds(60)

    private let limit: TimeAmount
    private var closing: Scheduled<Void>?

    package init(limit: TimeAmount = BodyDeadline.limit) { self.limit = limit }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            let channel = context.channel
            closing?.cancel()
            closing = context.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
        case .body: break
        case .end: stop()
        }
        context.fireChannelRead(data)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) { stop() }

    private func stop() {
        closing?.cancel()
        closing = nil
    }
}
