import Domain
import Testing

@testable import Ingest

struct DecoderMemoryTests {
    private let hardware = DecoderKind(element: "vah264dec", family: .vaapi)
    private let software = DecoderKind(element: "avdec_h264", family: .software)
    private let start = ContinuousClock.now

    private func after(_ seconds: Double) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

    private func chosen(_ memory: DecoderMemory, at seconds: Double, _ codec: VideoCodec = .h264) -> [DecoderKind] {
        memory.choose(from: [hardware, software], for: codec, at: after(seconds))
    }

    @Test func `what failed rests for its codec and comes back`() {
        var memory = DecoderMemory()
        #expect(chosen(memory, at: 0) == [hardware, software] && memory.remark(at: start) == nil)
        memory.refuse("vah264dec", for: .h264, at: start, reason: "lost the device")
        #expect(chosen(memory, at: 1) == [software])
        #expect(chosen(memory, at: 1, .h265) == [hardware, software])
        #expect(memory.remark(at: after(1)) == "vah264dec: lost the device")
        #expect(chosen(memory, at: 299) == [software])
        #expect(chosen(memory, at: 300) == [hardware, software] && memory.remark(at: after(300)) == nil)
    }

    @Test func `each further failure makes the rest longer, up to a bound`() {
        var memory = DecoderMemory()
        var now = 0.0
        var rests: [Double] = []
        for _ in 0..<10 {
            memory.refuse("vah264dec", for: .h264, at: after(now), reason: "again")
            var rest = 60.0
            while chosen(memory, at: now + rest).count == 1 { rest += 60 }
            rests.append(rest)
            now += rest
        }
        #expect(rests == [300, 600, 1200, 2400, 4800, 9600, 19200, 21600, 21600, 21600])
    }

    @Test func `failures during a rest count once`() {
        var memory = DecoderMemory()
        for second in 0..<20 { memory.refuse("vah264dec", for: .h264, at: after(Double(second)), reason: "busy") }
        #expect(chosen(memory, at: 300) == [hardware, software])
    }

    @Test func `the last one there is is never left out`() {
        var memory = DecoderMemory()
        memory.refuse("avdec_h264", for: .h264, at: start, reason: "corrupt")
        #expect(chosen(memory, at: 1) == [hardware, software])
        #expect(memory.choose(from: [software], for: .h264, at: after(1)) == [software])
    }
}
