import Domain
import Synchronization

/// One viewer of one connection. Units wait here, by reference, until it takes them: never more than `Bounds`, after which
/// it is let go of. Handing it a unit takes no longer whether it reads or not.
final class LiveViewer: LiveView {
    /// Most that may wait.
    struct Bounds: Sendable {
        /// Of the stream's time.
        var seconds = 4.0
        var bytes = 16 << 20
    }
    /// A piece of what `next` gives ends after so much.
    private static let pieceBytes = 256 << 10

    fileprivate struct State {
        /// From the newest keyframe to where it joined; shared with the ring, and does not count as waiting.
        var backlog: [AccessUnit]
        var waiting: [AccessUnit] = []
        var waitingBytes = 0
        var isOver = false
        var hasHeader = false
        var muxer: any LiveMuxer
    }
    let contentType: String
    private let state: Mutex<State>
    private let bounds: Bounds
    private let onTooSlow: @Sendable () -> Void
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// `backlog` begins with a keyframe.
    init(
        _ muxer: any LiveMuxer, backlog: [AccessUnit], bounds: Bounds = Bounds(),
        onTooSlow: @escaping @Sendable () -> Void
    ) {
        contentType = muxer.contentType
        state = Mutex(State(backlog: backlog, muxer: muxer))
        self.bounds = bounds
        self.onTooSlow = onTooSlow
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Hands it the next unit; false once it is over.
    func offer(_ unit: AccessUnit) -> Bool {
        enum Outcome { case taken, over, tooSlow }
        let outcome = state.withLock { state -> Outcome in
            guard !state.isOver else { return .over }
            state.waiting.append(unit)
            state.waitingBytes += unit.payload.byteCount
            let span = state.waiting.first.map { unit.presentation.seconds(since: $0.presentation) } ?? 0
            guard span > bounds.seconds || state.waitingBytes > bounds.bytes else { return .taken }
            state.end()
            return .tooSlow
        }
        wake.yield()
        if outcome == .tooSlow { onTooSlow() }
        return outcome == .taken
    }

    /// Nothing more comes; what waits is still given.
    func end() {
        state.withLock { $0.isOver = true }
        wake.yield()
    }

    func next() async -> [UInt8]? {
        while true {
            let (bytes, isOver) = state.withLock { $0.take(Self.pieceBytes) }
            if !bytes.isEmpty { return bytes }
            if isOver { return nil }
            var iterator = wakes.makeAsyncIterator()
            guard await iterator.next() != nil else { return nil }
        }
    }
}

extension LiveViewer.State {
    /// Lets go of everything at once.
    fileprivate mutating func end() {
        isOver = true
        backlog = []
        waiting = []
        waitingBytes = 0
    }

    /// Muxes about so many bytes of what waits; over when there is nothing more and nothing will come.
    fileprivate mutating func take(_ most: Int) -> ([UInt8], isOver: Bool) {
        var units = Self.takeSome(&backlog, most)
        if backlog.isEmpty {
            let taken = Self.takeSome(&waiting, most)
            waitingBytes -= taken.reduce(0) { $0 + $1.payload.byteCount }
            units += taken
        }
        let muxed = muxer.add(units)
        let first = hasHeader ? [] : muxer.header
        hasHeader = true
        return (first + muxed, isOver && backlog.isEmpty && waiting.isEmpty)
    }

    private static func takeSome(_ units: inout [AccessUnit], _ most: Int) -> [AccessUnit] {
        var bytes = 0
        let end = units.firstIndex { unit in
            defer { bytes += unit.payload.byteCount }
            return bytes >= most
        }
        defer { units.removeFirst(end ?? units.count) }
        return Array(units[..<(end ?? units.count)])
    }
}

/// The viewers of one connection; those that went are forgotten with the next unit.
struct LiveViewers {
    private struct Place {
        // The one who watches owns it.
        weak var viewer: LiveViewer?
    }
    private var places: [Place] = []

    /// True when nobody watched at the last unit, and nobody came since.
    var isEmpty: Bool { places.isEmpty }
    var count: Int { places.count { $0.viewer != nil } }

    mutating func add(_ viewer: LiveViewer) { places.append(Place(viewer: viewer)) }

    mutating func offer(_ unit: AccessUnit) {
        guard !places.isEmpty else { return }
        places.removeAll { !($0.viewer?.offer(unit) ?? false) }
    }

    mutating func end() {
        for place in places { place.viewer?.end() }
        places = []
    }
}
