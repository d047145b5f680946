/// A way in which a simulated camera misbehaves.
package enum Fault: Sendable, Hashable {
    /// Connections are accepted and never answered.
    case silentAccept
    /// Nothing listens on the camera's port.
    case refuse
    /// Sends nothing any more after so many seconds of playing, and keeps the connection.
    case stall(afterSeconds: Double)
    /// Closes the client's connection after so many seconds of playing. A new connection plays as long again.
    case drop(afterSeconds: Double)
    /// Garbles the payload of this fraction (0–1) of the pictures.
    case corrupt(fraction: Double)
    /// Offers sound only.
    case audioOnly
    /// Sends and takes no RTCP.
    case withoutRTCP

    /// True when the camera answers at all, so that the site's server serves it.
    var isServed: Bool {
        switch self {
        case .silentAccept, .refuse: false
        case .stall, .drop, .corrupt, .audioOnly, .withoutRTCP: true
        }
    }

    /// For `describe()`.
    var summary: String {
        switch self {
        case .silentAccept: "accepts and never answers"
        case .refuse: "refuses connections"
        case .stall(let seconds): "falls silent after \(seconds) s"
        case .drop(let seconds): "hangs up after \(seconds) s"
        case .corrupt(let fraction): "garbles \(fraction * 100) % of the pictures"
        case .audioOnly: "has no video"
        case .withoutRTCP: "sends no RTCP"
        }
    }
}
