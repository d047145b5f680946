import GStreamerKit
import Testing

struct PipelineTests {
    @Test func `a pipeline plays to its end and every sample comes out in order`() async throws {
        let pipeline = try Pipeline(
            "videotestsrc num-buffers=5 ! video/x-raw,format=I420,width=64,height=48,framerate=10/1 ! appsink name=out sync=false"
        )
        let sink = try pipeline.appSink("out")
        let (wakes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        sink.onSample { continuation.yield() }
        // What has not begun has not ended: the sound of a camera may wake its reader before the pictures' sink has started.
        #expect(!sink.isAtEnd)
        try pipeline.play()
        var times: [Int64] = []
        for await _ in wakes {
            while let sample = sink.pull() { times.append(sample.presentationRunningTime ?? -1) }
            if sink.isAtEnd { break }
        }
        #expect(times == [0, 100_000_000, 200_000_000, 300_000_000, 400_000_000])
        await pipeline.close()
        #expect(throws: GStreamerError.self) { try pipeline.play() }
        await pipeline.close()
    }

    @Test(arguments: ["no-such-element ! fakesink", "videotestsrc ! filesrc", "videotestsrc bogus=1 ! fakesink", ""])
    func `a description that is wrong is refused with the reason`(description: String) {
        let error = #expect(throws: GStreamerError.self) { try Pipeline(description) }
        #expect(error?.code == .description)
    }

    @Test func `a property takes values that fit and refuses the others`() async throws {
        let pipeline = try Pipeline("rtspsrc name=source ! fakesink")
        try pipeline.set("location", of: "source", to: "rtsp://camera/1")
        try pipeline.set("protocols", of: "source", to: "tcp")
        try pipeline.set("latency", of: "source", to: 200)
        try pipeline.set("tcp-timeout", of: "source", to: .unsigned(5_000_000))
        try pipeline.set("do-rtsp-keep-alive", of: "source", to: true)
        #expect(try pipeline.number("latency", of: "source") == 200)
        #expect(throws: GStreamerError.self) { try pipeline.set("latency", of: "source", to: -1) }
        #expect(throws: GStreamerError.self) { try pipeline.set("latency", of: "source", to: 0x1_0000_0001) }
        #expect(throws: GStreamerError.self) { try pipeline.set("protocols", of: "source", to: "pigeon") }
        #expect(throws: GStreamerError.self) { try pipeline.set("bogus", of: "source", to: 1) }
        #expect(throws: GStreamerError.self) { try pipeline.set("latency", of: "nobody", to: 1) }
        await pipeline.close()
    }

    @Test func `an error of an element reaches the bus with its domain`() async throws {
        let pipeline = try Pipeline("filesrc location=/nonexistent/file ! fakesink")
        let error = #expect(throws: GStreamerError.self) { try pipeline.play() }
        #expect(error?.code == .state)
        #expect(error?.detail.contains("Resource not found") == true)
        await pipeline.close()
    }

    @Test func `buffers go through an application source by reference and with new times`() async throws {
        let pipeline = try Pipeline(
            "appsrc name=in format=time handle-segment-change=true ! appsink name=out sync=false")
        let source = try pipeline.appSource("in")
        let sink = try pipeline.appSink("out")
        let (wakes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        sink.onSample { continuation.yield() }
        try pipeline.play()
        let buffer = try [1, 2, 3].withUnsafeBytes { try Buffer(copying: $0) }
        let origin: UInt64 = 1_000_000_000
        let timed = try buffer.retimed(
            presentationNanoseconds: origin + 5, decodingNanoseconds: origin - 7, durationNanoseconds: nil)
        try source.push(timed, originNanoseconds: origin)
        try source.end()
        var samples: [Sample] = []
        for await _ in wakes {
            while let sample = sink.pull() { samples.append(sample) }
            if sink.isAtEnd { break }
        }
        let sample = try #require(samples.first)
        #expect(sample.presentationRunningTime == 5)
        #expect(sample.decodingRunningTime == -7)
        let same = buffer.withUnsafeBytes { first in
            sample.buffer.withUnsafeBytes { $0.baseAddress == first.baseAddress }
        }
        #expect(same)
        await pipeline.close()
    }

    @Test func `a frame is mapped with its strides`() async throws {
        let pipeline = try Pipeline(
            "videotestsrc num-buffers=1 pattern=white ! video/x-raw,format=I420,width=50,height=30 ! appsink name=out sync=false"
        )
        let sink = try pipeline.appSink("out")
        let (wakes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        sink.onSample { continuation.yield() }
        try pipeline.play()
        var sample: Sample?
        for await _ in wakes {
            sample = sample ?? sink.pull()
            if sample != nil { break }
        }
        try #require(sample).withFrame { frame in
            #expect(frame.format == .i420)
            #expect(frame.widthPixels == 50 && frame.heightPixels == 30)
            let planes = frame.planes
            #expect(planes.count == 3)
            #expect(planes[0].strideBytes >= 50)
            #expect(planes[0].bytes.load(fromByteOffset: 29 * planes[0].strideBytes + 49, as: UInt8.self) == 235)
        }
        await pipeline.close()
    }

    @Test func `streams are connected as they appear`() async throws {
        let pipeline = try Pipeline("videotestsrc num-buffers=3 ! x264enc ! mpegtsmux ! tsdemux name=demux")
        let (sinks, continuation) = AsyncStream<AppSink>.makeStream()
        let (wakes, wake) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        try pipeline.onPadAdded(of: "demux") { pad in
            try? pad.connect("h264parse ! appsink name=out sync=false") { (branch) throws(GStreamerError) in
                let sink = try branch.appSink("out")
                sink.onSample { wake.yield() }
                continuation.yield(sink)
            }
        }
        try pipeline.play()
        var iterator = sinks.makeAsyncIterator()
        let sink = try #require(await iterator.next())
        var count = 0
        for await _ in wakes {
            while sink.pull() != nil { count += 1 }
            if sink.isAtEnd { break }
        }
        #expect(count == 3)
        await pipeline.close()
    }

    @Test(arguments: [
        ("rtsp://admin:s3cret@10.0.0.1/1 failed", "rtsp://10.0.0.1/1 failed"),
        ("a rtsp://u:p@ss@h/x and http://h/y@z", "a rtsp://h/x and http://z"),
        ("no url user@host", "no url user@host"),
    ])
    func `credentials are cut from texts`(text: String, expected: String) {
        #expect(Redaction.withoutCredentials(text) == expected)
    }
}
