import Dispatch
import Glibc

/// Many readers of the event stream on one thread, which note when each is told of an event.
final class StreamReaders: Sendable {
    private let descriptors: [Int32]

    /// Connects them and waits until each is greeted. `request` is of a reader's number.
    init(_ count: Int, port: UInt16, request: (Int) -> String) throws {
        var descriptors: [Int32] = []
        do {
            for index in 0..<count {
                let descriptor = try HTTPLoad.connected(to: port)
                descriptors.append(descriptor)
                try HTTPLoad.send(request(index), on: descriptor)
            }
            for descriptor in descriptors { try Self.skipGreeting(descriptor) }
        } catch {
            for descriptor in descriptors { close(descriptor) }
            throw error
        }
        self.descriptors = descriptors
    }

    deinit { for descriptor in descriptors { close(descriptor) } }

    private static func skipGreeting(_ descriptor: Int32) throws {
        var text = ""
        var piece = [UInt8](repeating: 0, count: 4096)
        while !text.contains("data: {}\n\n") {
            let got = piece.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            guard got > 0 else { throw HTTPLoad.Failure(description: "an event stream ended: \(text.prefix(300))") }
            text += String(decoding: piece[..<got], as: UTF8.self)
            guard text.hasPrefix("HTTP/1.1 200") else {
                throw HTTPLoad.Failure(description: "an event stream was refused: \(text.prefix(300))")
            }
        }
    }

    /// The instants, by `HTTPLoad.now`, at which each reader had a message that holds the mark; readers without one by then
    /// are left out.
    func told(of mark: String, withinSeconds limit: Double) async -> [Double] {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [descriptors] in
                continuation.resume(returning: Self.wait(descriptors, Array(mark.utf8), limit))
            }
        }
    }

    private static func wait(_ descriptors: [Int32], _ mark: [UInt8], _ limit: Double) -> [Double] {
        var polled = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var tails = [[UInt8]](repeating: [], count: descriptors.count)
        var times: [Double] = []
        let end = HTTPLoad.now() + limit
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while times.count < descriptors.count, HTTPLoad.now() < end {
            guard poll(&polled, nfds_t(polled.count), 100) > 0 else { continue }
            for index in polled.indices where polled[index].revents != 0 {
                let got = piece.withUnsafeMutableBytes { recv(polled[index].fd, $0.baseAddress, $0.count, 0) }
                guard got > 0 else {
                    polled[index].fd = -1
                    continue
                }
                tails[index] += piece[..<got]
                if tails[index].firstRange(of: mark) != nil {
                    times.append(HTTPLoad.now())
                    // What else comes is read with the next message.
                    polled[index].fd = -1
                }
                tails[index] = Array(tails[index].suffix(mark.count))
            }
        }
        return times
    }
}
