/// Where a camera tells how its pictures are encoded (SPS, PPS; with H.265 VPS).
package enum ParameterSets: String, Sendable, Hashable, CaseIterable {
    /// In its answer to DESCRIBE and again before each keyframe.
    case everywhere
    /// Only in its answer to DESCRIBE.
    case description
    /// Only among the pictures, before each keyframe.
    case inBand

    /// An access unit of NAL units with lengths of four bytes, without the parameter sets in it.
    static func removed(from unit: UnsafeRawBufferPointer, codec: StreamCodec) -> [UInt8] {
        var kept: [UInt8] = []
        kept.reserveCapacity(unit.count)
        var offset = 0
        while offset + 5 <= unit.count {
            let length = Int(UInt32(bigEndian: unit.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            guard length > 0, offset + 4 + length <= unit.count else { break }
            let first = unit[offset + 4]
            let isParameterSet = codec == .h265 ? (32...34).contains(first >> 1 & 63) : [7, 8].contains(first & 31)
            if !isParameterSet { kept += unit[offset..<offset + 4 + length] }
            offset += 4 + length
        }
        return kept
    }
}
