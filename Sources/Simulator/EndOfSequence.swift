/// The NAL units with which an encoder says that its stream is over. A file that is played in a loop is not over where it
/// ends, and GStreamer's parsers give what comes after such a unit the time of what came before.
enum EndOfSequence {
    /// Bytes of a byte-stream access unit without the end-of-sequence and end-of-bitstream units at its end.
    static func trimmedCount(_ unit: UnsafeRawBufferPointer, codec: StreamCodec) -> Int {
        var count = unit.count
        while let size = trailingUnit(unit, count, codec) {
            count -= size
            // Zero bytes before a start code belong to it.
            while count > 0, unit[count - 1] == 0 { count -= 1 }
        }
        return count
    }

    /// Size with its three-byte start code of such a unit right before `count`; these consist of their header only.
    private static func trailingUnit(_ unit: UnsafeRawBufferPointer, _ count: Int, _ codec: StreamCodec) -> Int? {
        let header = codec == .h265 ? 2 : 1
        let start = count - header - 3
        guard codec == .h264 || codec == .h265, start > 0, unit[start] == 0, unit[start + 1] == 0, unit[start + 2] == 1
        else { return nil }
        let first = unit[start + 3]
        let isEnd = codec == .h265 ? [36, 37].contains(first >> 1 & 63) : [10, 11].contains(first & 31)
        return isEnd ? header + 3 : nil
    }
}
