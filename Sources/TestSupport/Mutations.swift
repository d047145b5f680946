/// Damaged copies of good input, the same ones for the same seed: bits flipped, bytes replaced with telling values, parts
/// cut out, repeated and swapped, the end cut off.
package struct Mutations: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    /// SplitMix64.
    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// One to eight changes; at most twice as long as `bytes` and 64 bytes more.
    package mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for _ in 0...Int.random(in: 0..<8, using: &self) where !result.isEmpty {
            let at = Int.random(in: 0..<result.count, using: &self)
            let length = min(Int.random(in: 1...16, using: &self), result.count - at)
            switch Int.random(in: 0..<7, using: &self) {
            case 0: result[at] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 1: result[at] = [0, 1, 3, 0x7f, 0x80, 0xfe, 0xff].randomElement(using: &self) ?? 0
            case 2:
                // A length or a count of four bytes.
                let value = [0, 1, 8, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff].randomElement(using: &self) ?? UInt32(0)
                for index in 0..<4 where at + index < result.count {
                    result[at + index] = UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * index))
                }
            case 3: result.removeSubrange(at..<at + length)
            case 4 where result.count <= bytes.count * 2 + 48:
                result.insert(contentsOf: result[at..<at + length], at: at)
            case 5: result.removeLast(result.count - at)
            default: for index in at..<at + length { result[index] = UInt8.random(in: 0...255, using: &self) }
            }
        }
        return result
    }
}
