import GStreamerKit
import Testing

struct BufferPackerTests {
    private func buffer(_ size: Int, seed: Int) throws -> Buffer {
        try Buffer(copying: (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ seed) })
    }

    @Test func `copies have the bytes, times and flags of what they are of`() throws {
        let packer = BufferPacker()
        let source = try buffer(1000, seed: 3).retimed(
            presentationNanoseconds: 7, decodingNanoseconds: nil, durationNanoseconds: 9, isDelta: true)
        let copy = packer.packed(source)
        #expect(copy !== source && copy.bytes() == source.bytes())
        #expect(copy.presentationNanoseconds == 7 && copy.decodingNanoseconds == nil && copy.durationNanoseconds == 9)
        #expect(copy.isDelta && !copy.isDiscontinuity)
        #expect(packer.packed(try buffer(0, seed: 0)).bytes().isEmpty)
    }

    @Test func `copies lie one behind the other, and what does not fit begins another block`() throws {
        let packer = BufferPacker()
        func place(_ buffer: Buffer) -> UInt { buffer.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) } }
        let first = packer.packed(try buffer(1000, seed: 1))
        let second = packer.packed(try buffer(1000, seed: 2))
        #expect(place(second) == place(first) + 1024)
        let large = packer.packed(try buffer(1 << 20, seed: 3))
        let after = packer.packed(try buffer(1000, seed: 4))
        #expect(large.bytes() == (try buffer(1 << 20, seed: 3)).bytes())
        #expect(first.bytes() == (try buffer(1000, seed: 1)).bytes())
        #expect(after.bytes() == (try buffer(1000, seed: 4)).bytes())
    }

    /// Copies of each size up to beyond a block, some held for long, read after their packer and most of their neighbours have gone.
    @Test func `a copy lives as long as it is held`() throws {
        var held: [(size: Int, seed: Int, buffer: Buffer)] = []
        var packer: BufferPacker? = BufferPacker()
        for seed in 0..<3000 {
            let size = seed * 7919 % (seed % 50 == 0 ? 400_000 : 20_000)
            let copy = try #require(packer).packed(try buffer(size, seed: seed))
            if seed % 7 == 0 { held.append((size, seed, copy)) }
            if held.count > 100 { held.removeFirst() }
        }
        packer = nil
        for (size, seed, copy) in held { #expect(copy.bytes() == (try buffer(size, seed: seed)).bytes()) }
    }
}
