/// What somebody may do; each role may do what those before it may.
package enum Role: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    /// Sees events, cameras and media.
    case viewer
    /// Reviews: marks, notes, feedback.
    case `operator`
    /// Configures, deletes, and manages people and keys.
    case administrator

    package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .operator: 1
        case .administrator: 2
        }
    }
}
