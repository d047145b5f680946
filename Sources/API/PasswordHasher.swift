import Crypto
import CryptoExtras
import Dispatch
import Foundation
import Synchronization

/// Passwords as scrypt, with the parameters in the text: `$scrypt$ln=15,r=8,p=3$<salt>$<hash>`, base64 without padding.
///
/// One is worked on at a time, on a queue of its own, so that a flood of sign-ins takes one core and 32 MB and no more.
package struct PasswordHasher: Sendable {
    package struct Cost: Sendable, Hashable {
        package var log2Rounds: Int
        package var blockSize: Int
        package var parallelism: Int

        package init(log2Rounds: Int, blockSize: Int, parallelism: Int) {
            self.log2Rounds = log2Rounds
            self.blockSize = blockSize
            self.parallelism = parallelism
        }

        /// What OWASP names for 32 MB.
        package static let standard = Cost(log2Rounds: 15, blockSize: 8, parallelism: 3)
        /// For passwords that are made of random bits, which no guessing finds.
        package static let random = Cost(log2Rounds: 10, blockSize: 8, parallelism: 1)
    }

    private final class Line: Sendable {
        let queue = DispatchQueue(label: "vedette.passwords")
        let waiting = Mutex(0)
    }
    private static let mostWaiting = 16
    private let cost: Cost
    private let line = Line()

    package init(cost: Cost = .standard) { self.cost = cost }

    /// Throws `Problem` where too many wait.
    func hash(_ password: String, cost given: Cost? = nil) async throws -> String {
        let cost = given ?? cost
        let salt = SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) }
        let hash = try await derive(password, salt, cost)
        return
            "$scrypt$ln=\(cost.log2Rounds),r=\(cost.blockSize),p=\(cost.parallelism)$\(Self.base64(salt))$\(Self.base64(hash))"
    }

    /// Takes as long where `stored` is nil or cheaper than usual, so that the time does not tell whether there is such a user.
    func verify(_ password: String, _ stored: String?) async throws -> Bool {
        let parsed = stored.flatMap(Self.parse)
        if parsed?.cost != cost { _ = try await derive(password, Array(repeating: 0, count: 16), cost) }
        guard let parsed else { return false }
        let hash = try await derive(password, parsed.salt, parsed.cost)
        // Digests compare in constant time.
        return SHA256.hash(data: hash) == SHA256.hash(data: parsed.hash)
    }

    private func derive(_ password: String, _ salt: [UInt8], _ cost: Cost) async throws -> [UInt8] {
        let isRoom = line.waiting.withLock { waiting in
            guard waiting < Self.mostWaiting else { return false }
            waiting += 1
            return true
        }
        guard isRoom else {
            throw Problem(.rateLimited, "too many sign-ins at this moment", headers: [.retryAfter: "2"])
        }
        defer { line.waiting.withLock { $0 -= 1 } }
        return try await withCheckedThrowingContinuation { continuation in
            line.queue.async {
                continuation.resume(
                    with: Result {
                        try KDF.Scrypt.deriveKey(
                            from: Data(password.precomposedStringWithCompatibilityMapping.utf8), salt: salt,
                            outputByteCount: 32, rounds: 1 << cost.log2Rounds, blockSize: cost.blockSize,
                            parallelism: cost.parallelism
                        ).withUnsafeBytes { Array($0) }
                    })
            }
        }
    }

    private static func parse(_ text: String) -> (cost: Cost, salt: [UInt8], hash: [UInt8])? {
        let parts = text.split(separator: "$")
        guard parts.count == 4, parts[0] == "scrypt", let salt = bytes(parts[2]), let hash = bytes(parts[3]) else {
            return nil
        }
        var values: [Substring: Int] = [:]
        for pair in parts[1].split(separator: ",") {
            let sides = pair.split(separator: "=")
            if sides.count == 2 { values[sides[0]] = Int(sides[1]) }
        }
        guard let log2Rounds = values["ln"], let blockSize = values["r"], let parallelism = values["p"],
            (1...20).contains(log2Rounds)
        else { return nil }
        return (Cost(log2Rounds: log2Rounds, blockSize: blockSize, parallelism: parallelism), salt, hash)
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("=", with: "")
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        Data(base64Encoded: text + String(repeating: "=", count: (4 - text.count % 4) % 4)).map { Array($0) }
    }
}
