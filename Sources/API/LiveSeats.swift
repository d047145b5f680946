import Domain
import Synchronization

/// How many may watch live (or read something else that is long) at once, in this process and for one user or key.
final class LiveSeats: Sendable {
    private struct Taken {
        var total = 0
        var byActor: [Principal.Actor: Int] = [:]
    }
    static let most = 64
    static let mostOfOne = 16
    private let thing: String
    private let most: Int
    private let mostOfOne: Int
    private let taken = Mutex(Taken())

    init(thing: String = "live views", most: Int = LiveSeats.most, mostOfOne: Int = LiveSeats.mostOfOne) {
        self.thing = thing
        self.most = most
        self.mostOfOne = mostOfOne
    }

    /// One viewer's; free again when it is let go of.
    final class Seat: Sendable {
        private let seats: LiveSeats
        private let actor: Principal.Actor

        fileprivate init(_ seats: LiveSeats, _ actor: Principal.Actor) {
            self.seats = seats
            self.actor = actor
        }

        deinit { seats.leave(actor) }
    }

    /// Throws a `Problem` where there is no room.
    func take(for actor: Principal.Actor) throws -> Seat {
        try taken.withLock { taken in
            guard taken.byActor[actor, default: 0] < mostOfOne else {
                throw Problem(
                    .rateLimited, "\(mostOfOne) \(thing) of this user or key are open already",
                    headers: [.retryAfter: "10"])
            }
            guard taken.total < most else {
                throw Problem(
                    .unavailable, "\(most) \(thing) are open already, and this server shows no more at once",
                    headers: [.retryAfter: "10"])
            }
            taken.total += 1
            taken.byActor[actor, default: 0] += 1
        }
        return Seat(self, actor)
    }

    private func leave(_ actor: Principal.Actor) {
        taken.withLock { taken in
            taken.total -= 1
            let left = taken.byActor[actor, default: 1] - 1
            taken.byActor[actor] = left > 0 ? left : nil
        }
    }
}
