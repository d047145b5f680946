internal import Synchronization

/// What one server was found not to take, kept for as long as the analyzer: no request is spent on finding it out again.
final class LearntShape: Sendable {
    private let shape = Mutex(RequestShape())

    var value: RequestShape {
        get { shape.withLock { $0 } }
        set { shape.withLock { $0 = newValue } }
    }
}
