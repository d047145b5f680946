import Testing

@testable import Simulator

struct EndOfSequenceTests {
    @Test(
        arguments: [
            (StreamCodec.h264, [0, 0, 1, 0x41, 9, 8, 7, 0, 0, 0, 1, 0x0a], 7),
            (.h264, [0, 0, 1, 0x41, 9, 8, 7, 0, 0, 1, 0x0a, 0, 0, 1, 0x0b], 7),
            (.h264, [0, 0, 1, 0x41, 9, 8, 7], 7), (.h264, [0, 0, 1, 0x0a], 4), (.h264, [], 0),
            (.h265, [0, 0, 1, 0x02, 1, 8, 7, 0, 0, 0, 1, 0x48, 1], 7),
            (.h265, [0, 0, 1, 0x02, 1, 8, 7, 0, 0, 1, 0x4a, 1], 7), (.aac, [1, 2, 0, 0, 1, 0x0a], 6),
        ] as [(StreamCodec, [UInt8], Int)])
    func `only the units that end a stream are left out`(codec: StreamCodec, unit: [UInt8], count: Int) {
        #expect(unit.withUnsafeBytes { EndOfSequence.trimmedCount($0, codec: codec) } == count)
    }
}
