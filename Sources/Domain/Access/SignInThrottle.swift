/// Slows down guessing, per account and per address: after some failures the next attempt must wait, each time longer.
///
/// An account's wait is short, so that a stranger cannot keep its owner out; an address's grows to minutes.
package struct SignInThrottle: Sendable {
    private struct Tally {
        var failures = 0
        var last: WallTime
    }
    private var accounts: [String: Tally] = [:]
    private var addresses: [String: Tally] = [:]

    private static let freeForAccount = 5
    private static let longestForAccountSeconds = 30.0
    private static let freeForAddress = 20
    private static let longestForAddressSeconds = 900.0
    /// Without failures for so long, a tally is forgotten.
    private static let memorySeconds = 3600.0
    /// Most accounts, and most addresses, that are remembered.
    private static let capacity = 10_000

    package init() {}

    /// Seconds to wait before an attempt is looked at; 0 for none.
    package func waitSeconds(account: String, address: String, at now: WallTime) -> Double {
        max(
            Self.wait(accounts[account], Self.freeForAccount, Self.longestForAccountSeconds, now),
            Self.wait(addresses[address], Self.freeForAddress, Self.longestForAddressSeconds, now))
    }

    package mutating func failed(account: String, address: String, at now: WallTime) {
        Self.count(&accounts, account, now)
        Self.count(&addresses, address, now)
    }

    /// The account's tally is forgiven; of the address's only this attempt, or one own account would pay for guessing at
    /// others.
    package mutating func succeeded(account: String, address: String) {
        accounts[account] = nil
        addresses[address]?.failures -= 1
    }

    private static func wait(_ tally: Tally?, _ free: Int, _ longest: Double, _ now: WallTime) -> Double {
        guard let tally, tally.failures >= free else { return 0 }
        let seconds = min(longest, Double(1 << min(tally.failures - free, 20)))
        return max(0, seconds - now.seconds(since: tally.last))
    }

    private static func count(_ tallies: inout [String: Tally], _ key: String, _ now: WallTime) {
        var tally = tallies[key] ?? Tally(last: now)
        if now.seconds(since: tally.last) > memorySeconds { tally.failures = 0 }
        tally.failures += 1
        tally.last = now
        if tallies[key] == nil, tallies.count >= capacity {
            tallies = tallies.filter { now.seconds(since: $0.value.last) <= memorySeconds }
            if tallies.count >= capacity, let oldest = tallies.min(by: { $0.value.last < $1.value.last }) {
                tallies[oldest.key] = nil
            }
        }
        tallies[key] = tally
    }
}
