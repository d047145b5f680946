/// Something a camera does for a while, or once, on request.
package enum Misbehaviour: Sendable, Hashable {
    /// Closes all connections, once.
    case drop
    /// Sends no picture any more and keeps the connection, its clock going on.
    case stall
    /// Closes all connections and refuses new ones.
    case refuse
    /// Closes all connections, accepts new ones and never answers.
    case hang
    /// Sends no faster than this.
    case slow(kilobitsPerSecond: Double)
    /// Loses this share (0–1) of the RTP packets.
    case loss(share: Double)
    /// Sends this share (0–1) of the RTP packets after the next one.
    case reorder(share: Double)
    /// Adds so many seconds, which may be negative, to the RTP timestamps, once.
    case jump(seconds: Double)
    /// Lets the camera's clock run fast by so many millionths; slow where negative.
    case drift(partsPerMillion: Double)
    /// Closes all connections; the path then has the other codec.
    case codec
    /// From the next keyframe on the same stream has smaller pictures.
    case resolution
    /// Cuts off this share (0–1) of the pictures at a random byte.
    case truncate(share: Double)
    /// Garbles bytes inside the slices of this share (0–1) of the pictures.
    case garble(share: Double)
    /// Sends random bytes in place of everything it would say.
    case garbage
    /// Closes all connections and answers new ones with 401.
    case unauthorized
    /// Closes all connections and describes itself to new ones without an end.
    case endlessSDP

    /// What a script calls it.
    package enum Name: String, Sendable, Hashable, CaseIterable {
        case drop, stall, refuse, hang, slow, loss, reorder, jump, drift, codec, resolution, truncate, garble, garbage
        case unauthorized
        case endlessSDP = "endless-sdp"

        /// The setting that the fault needs besides its name, what it may be, and what it says; nil for none.
        var amount: (key: String, range: ClosedRange<Double>, unit: String)? {
            switch self {
            case .slow: ("kbps", 1...1_000_000, "kilobits a second")
            case .loss, .reorder, .truncate, .garble: ("share", 0...1, "a fraction")
            case .jump: ("seconds", -86_400...86_400, "seconds")
            case .drift: ("ppm", -100_000...100_000, "millionths")
            default: nil
            }
        }

        /// True for what happens once and has no length.
        package var isInstant: Bool { self == .drop || self == .jump }
        /// True for what only a generated scene can do: a file has one codec and one size.
        package var needsScene: Bool { self == .codec || self == .resolution }
    }

    package var name: Name {
        switch self {
        case .drop: .drop
        case .stall: .stall
        case .refuse: .refuse
        case .hang: .hang
        case .slow: .slow
        case .loss: .loss
        case .reorder: .reorder
        case .jump: .jump
        case .drift: .drift
        case .codec: .codec
        case .resolution: .resolution
        case .truncate: .truncate
        case .garble: .garble
        case .garbage: .garbage
        case .unauthorized: .unauthorized
        case .endlessSDP: .endlessSDP
        }
    }

    /// `amount` is what the name's `amount` asks for and unused for the others.
    init(_ name: Name, amount: Double) {
        self =
            switch name {
            case .drop: .drop
            case .stall: .stall
            case .refuse: .refuse
            case .hang: .hang
            case .slow: .slow(kilobitsPerSecond: amount)
            case .loss: .loss(share: amount)
            case .reorder: .reorder(share: amount)
            case .jump: .jump(seconds: amount)
            case .drift: .drift(partsPerMillion: amount)
            case .codec: .codec
            case .resolution: .resolution
            case .truncate: .truncate(share: amount)
            case .garble: .garble(share: amount)
            case .garbage: .garbage
            case .unauthorized: .unauthorized
            case .endlessSDP: .endlessSDP
            }
    }

    /// True for what begins and ends with hanging up on everybody.
    var replacesConnections: Bool {
        switch self {
        case .refuse, .hang, .codec, .unauthorized, .endlessSDP: true
        default: false
        }
    }
}
