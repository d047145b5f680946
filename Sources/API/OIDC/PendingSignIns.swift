import Domain
import Synchronization

/// Sign-ins that were begun and not ended: kept here and not in the browser, which holds only a random word that belongs to
/// one. Each process has its own.
final class PendingSignIns: Sendable {
    struct Begun: Sendable {
        /// Ties the answer to the browser that asked.
        var browser: String
        var nonce: String
        /// RFC 7636 §4.1.
        var verifier: String
        var at: WallTime
    }
    private static let memorySeconds = 600.0
    private static let most = 1000
    private let begun = Mutex<[String: Begun]>([:])

    func begin(at now: WallTime) -> (state: String, Begun) {
        let state = Secrets.make()
        let one = Begun(browser: Secrets.make(), nonce: Secrets.make(), verifier: Secrets.make(), at: now)
        begun.withLock { begun in
            if begun.count >= Self.most {
                begun = begun.filter { now.seconds(since: $0.value.at) < Self.memorySeconds }
            }
            if begun.count >= Self.most, let oldest = begun.min(by: { $0.value.at < $1.value.at }) {
                begun[oldest.key] = nil
            }
            begun[state] = one
        }
        return (state, one)
    }

    /// Once; nil for what was not begun, in another browser, or too long ago.
    func take(_ state: String, browser: String, at now: WallTime) -> Begun? {
        begun.withLock { begun in
            guard let one = begun[state], one.browser == browser else { return nil }
            begun[state] = nil
            return now.seconds(since: one.at) < Self.memorySeconds ? one : nil
        }
    }
}
