import Domain
import Synchronization

/// How many cameras' pictures are encoded for live views at the same time, in this process. Who finds no place is refused:
/// a live view that waits is of no use.
package final class TranscodePlaces: Sendable {
    package let most: Int
    private let taken = Mutex(0)

    package init(most: Int) { self.most = max(0, most) }

    /// One camera's; free again when it is let go of.
    package final class Place: Sendable {
        private let places: TranscodePlaces

        fileprivate init(_ places: TranscodePlaces) { self.places = places }

        deinit { places.taken.withLock { $0 -= 1 } }
    }

    package func take() throws(LiveRefusal) -> Place {
        let hasRoom = taken.withLock { taken in
            guard taken < most else { return false }
            taken += 1
            return true
        }
        guard hasRoom else { throw .noRoom(most: most) }
        return Place(self)
    }
}

/// What a session needs to encode its camera's pictures for live viewers.
package struct LiveTranscoding: Sendable {
    package var opener: any LiveTranscoderOpener
    /// Shared by all cameras of the process.
    package var places: TranscodePlaces

    package init(opener: any LiveTranscoderOpener, places: TranscodePlaces) {
        self.opener = opener
        self.places = places
    }

    func forOneCamera() -> Self { Self(opener: opener.forOneCamera(), places: places) }
}
