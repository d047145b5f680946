import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import API

/// Who sends a body without end.
struct BodyDeadlineTests {
    private let limit = TimeAmount.seconds(60)

    private func channel() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: BodyDeadline(limit: limit))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    private let head = HTTPRequestPart.head(
        HTTPRequest(method: .post, scheme: "http", authority: "x", path: "/v1/cameras"))

    @Test func `a body that comes byte by byte is cut off, and one that ends is not`() throws {
        let slow = try channel()
        try slow.writeInbound(head)
        for _ in 0..<59 {
            slow.embeddedEventLoop.advanceTime(by: .seconds(1))
            try slow.writeInbound(HTTPRequestPart.body(ByteBuffer(string: " ")))
        }
        #expect(slow.isActive)
        slow.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!slow.isActive)

        let quick = try channel()
        for _ in 0..<3 {
            try quick.writeInbound(head)
            quick.embeddedEventLoop.advanceTime(by: .seconds(59))
            try quick.writeInbound(HTTPRequestPart.body(ByteBuffer(string: "{}")))
            try quick.writeInbound(HTTPRequestPart.end(nil))
            // Its answer takes as long as it wants: an export, a live view.
            quick.embeddedEventLoop.advanceTime(by: .hours(1))
        }
        #expect(quick.isActive)
        var parts = 0
        while try quick.readInbound(as: HTTPRequestPart.self) != nil { parts += 1 }
        #expect(parts == 9, "every part goes on")
        _ = try quick.finish()
    }
}
