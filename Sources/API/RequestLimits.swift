import Domain
import Synchronization

/// How often one user, one key and, without a valid sign-in, one address may ask.
package final class RequestLimits: Sendable {
    private let clock: any WallClock
    private let principals: Mutex<TokenBuckets<Principal.Actor>>
    private let addresses: Mutex<TokenBuckets<String>>

    /// `perSecond` for each user and key, with bursts of five seconds' worth; a twentieth of it for an address that has not
    /// signed in.
    package init(perSecond: Double = 200, clock: any WallClock) {
        self.clock = clock
        principals = Mutex(TokenBuckets(perSecond: perSecond, burst: perSecond * 5))
        addresses = Mutex(TokenBuckets(perSecond: max(1, perSecond / 20), burst: max(20, perSecond / 2)))
    }

    /// Whole seconds to wait; nil for none.
    func wait(for principal: Principal) -> Int? {
        principals.withLock { $0.take(principal.actor, at: clock.now) }.map { Int($0.rounded(.up)) }
    }

    func waitAfterRefusal(of address: String) -> Int? {
        addresses.withLock { $0.take(address, at: clock.now) }.map { Int($0.rounded(.up)) }
    }
}
