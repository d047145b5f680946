/// Addresses that begin with the same bits: `10.0.0.0/8`, `fd00::/8`, or one address. IPv4 in IPv6's clothes (`::ffff:…`) is IPv4.
package struct AddressRange: Sendable, Hashable {
    private let bytes: [UInt8]
    private let bits: Int

    /// Nil for anything else, also where bits behind the prefix are set, as that is most likely a mistake.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let bytes = Self.bytes(of: String(first)) else { return nil }
        var bits = bytes.count * 8
        if parts.count == 2 {
            guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let given = Int(parts[1]),
                (0...bits).contains(given)
            else { return nil }
            bits = given
        }
        guard Self.masked(bytes, bits) == bytes else { return nil }
        self.bytes = bytes
        self.bits = bits
    }

    /// False for what is no address.
    package func contains(_ address: String) -> Bool {
        guard let other = Self.bytes(of: address), other.count == bytes.count else { return false }
        return Self.masked(other, bits) == bytes
    }

    private static func masked(_ bytes: [UInt8], _ bits: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let left = min(8, max(0, bits - index * 8))
            return left == 8 ? byte : byte & ~(UInt8(0xff) >> UInt8(left))
        }
    }

    /// 4 or 16 bytes, in network order; nil for what is no address.
    static func bytes(of text: String) -> [UInt8]? {
        if !text.contains(":") { return four(text) }
        // A zone names an interface of this machine, and does not belong to the address.
        let address = text.prefix { $0 != "%" }
        guard let whole = sixteen(address) else { return nil }
        let isMapped = whole[..<10].allSatisfy { $0 == 0 } && whole[10] == 0xff && whole[11] == 0xff
        return isMapped ? Array(whole[12...]) : whole
    }

    private static func four(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            // No octal, no signs: whoever reads "010" differently must not be let in by it.
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (48...57).contains($0) }),
                part.utf8.count == 1 || part.utf8.first != 48, let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func sixteen(_ text: some StringProtocol) -> [UInt8]? {
        var halves: [[UInt8]] = []
        let sides = String(text).split(separator: "::", omittingEmptySubsequences: false)
        guard (1...2).contains(sides.count) else { return nil }
        for (place, side) in sides.enumerated() {
            var bytes: [UInt8] = []
            let groups = side.split(separator: ":", omittingEmptySubsequences: false)
            for (index, group) in groups.enumerated() where !(group.isEmpty && groups.count == 1) {
                if index == groups.count - 1, place == sides.count - 1, group.contains(".") {
                    guard let last = four(group) else { return nil }
                    bytes += last
                } else {
                    guard (1...4).contains(group.utf8.count), group.allSatisfy(\.isHexDigit),
                        group.utf8.count == group.count, let word = UInt16(group, radix: 16)
                    else { return nil }
                    bytes += [UInt8(word >> 8), UInt8(word & 0xff)]
                }
            }
            halves.append(bytes)
        }
        if sides.count == 1 { return halves[0].count == 16 ? halves[0] : nil }
        let missing = 16 - halves[0].count - halves[1].count
        return missing >= 2 ? halves[0] + [UInt8](repeating: 0, count: missing) + halves[1] : nil
    }
}
