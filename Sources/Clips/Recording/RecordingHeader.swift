import Domain

/// What stands before the media of a recording: `ftyp`, `moov` with all tables and edit lists, and the head of `mdat`
/// (ISO/IEC 14496-12 §8). The sample descriptions are those of the source.
enum RecordingHeader {
    private static let movieTimescale: Int64 = 90_000

    static func bytes(_ assembly: RecordingAssembly, _ plan: RecordingPlan) -> [UInt8] {
        // Offsets count from the beginning of the file, and are as wide whatever they are.
        let length = write(assembly, plan, mediaOffset: 0).count
        return write(assembly, plan, mediaOffset: Int64(length))
    }

    private static func write(_ assembly: RecordingAssembly, _ plan: RecordingPlan, mediaOffset: Int64) -> [UInt8] {
        var writer = BoxWriter()
        writer.box("ftyp") {
            $0.text("isom")
            $0.word32(0x200)
            for brand in ["isom", "iso2", "mp41"] as [StaticString] { $0.text(brand) }
        }
        let duration = ticks(plan.durationNanoseconds)
        writer.box("moov") {
            $0.fullBox("mvhd", version: 1) {
                $0.zeros(16)
                $0.word32(Int(movieTimescale))
                $0.word64(duration)
                $0.word32(0x1_0000)
                $0.word16(0x100)
                $0.zeros(10)
                $0.unityMatrix()
                $0.zeros(24)
                $0.word32(3)
            }
            guard let tracks = assembly.tracks else { return }
            $0.track(1, assembly.video, tracks.video, duration: duration, plan, mediaOffset)
            if let table = assembly.audio, let audio = tracks.audio {
                $0.track(2, table, audio, duration: duration, plan, mediaOffset)
            }
        }
        // The 64-bit form, whatever the size.
        writer.word32(1)
        writer.text("mdat")
        writer.word64(assembly.mediaBytes + 16)
        return writer.bytes
    }

    static func ticks(_ nanoseconds: Int64) -> Int64 {
        SampleTable(timescale: movieTimescale).ticks(nanoseconds)
    }
}

extension BoxWriter {
    fileprivate mutating func unityMatrix() {
        for value in [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000] { word32(value) }
    }

    fileprivate mutating func track(
        _ id: Int, _ table: SampleTable, _ source: MP4Track, duration: Int64, _ plan: RecordingPlan,
        _ mediaOffset: Int64
    ) {
        var size = (width: 0, height: 0)
        var isVideo = false
        if case .video(_, let width, let height, _) = source.format {
            size = (width, height)
            isVideo = true
        }
        box("trak") {
            $0.fullBox("tkhd", version: 1, flags: 3) {
                $0.zeros(16)
                $0.word32(id)
                $0.zeros(4)
                $0.word64(duration)
                $0.zeros(8 + 4)
                $0.word16(isVideo ? 0 : 0x100)
                $0.zeros(2)
                $0.unityMatrix()
                $0.word32(size.width << 16)
                $0.word32(size.height << 16)
            }
            $0.editList(table, plan)
            $0.box("mdia") {
                $0.fullBox("mdhd", version: 1) {
                    $0.zeros(16)
                    $0.word32(Int(table.timescale))
                    $0.word64(table.duration)
                    $0.word16(0x55c4)  // "und"
                    $0.zeros(2)
                }
                $0.fullBox("hdlr") {
                    $0.zeros(4)
                    $0.text(isVideo ? "vide" : "soun")
                    $0.zeros(12 + 1)
                }
                $0.box("minf") {
                    if isVideo {
                        $0.fullBox("vmhd", flags: 1) { $0.zeros(8) }
                    } else {
                        $0.fullBox("smhd") { $0.zeros(4) }
                    }
                    $0.box("dinf") {
                        $0.fullBox("dref") {
                            $0.word32(1)
                            $0.fullBox("url ", flags: 1) { _ in }
                        }
                    }
                    $0.box("stbl") {
                        $0.box("stsd") { $0.append(source.sampleDescription) }
                        $0.sampleTables(table, mediaOffset, isVideo: isVideo)
                    }
                }
            }
        }
    }

    /// Playback begins and ends at the instants that were asked for, and sound that begins later waits for its time.
    private mutating func editList(_ table: SampleTable, _ plan: RecordingPlan) {
        let zero = -(table.first ?? 0)
        let end = table.timescale == 0 ? 0 : (table.duration - zero) * 90_000 / table.timescale
        let duration = min(RecordingHeader.ticks(plan.durationNanoseconds), max(0, end))
        box("edts") {
            $0.fullBox("elst", version: 1) {
                $0.word32(zero < 0 ? 2 : 1)
                // Nothing, up to the first sample.
                let delay = zero < 0 ? -zero * 90_000 / table.timescale : 0
                if zero < 0 {
                    $0.word64(delay)
                    $0.word64(-1)
                    $0.word32(0x1_0000)
                }
                $0.word64(max(0, duration - delay))
                $0.word64(max(0, zero))
                $0.word32(0x1_0000)
            }
        }
    }

    private mutating func sampleTables(_ table: SampleTable, _ mediaOffset: Int64, isVideo: Bool) {
        fullBox("stts") {
            $0.word32(table.durations.count)
            for run in table.durations {
                $0.word32(run.count)
                $0.word32(Int(run.ticks))
            }
        }
        if table.shifts.contains(where: { $0.ticks != 0 }) {
            // Version 1: an offset may be negative.
            fullBox("ctts", version: 1) {
                $0.word32(table.shifts.count)
                for run in table.shifts {
                    $0.word32(run.count)
                    $0.word32(Int(run.ticks))
                }
            }
        }
        if isVideo {
            fullBox("stss") {
                $0.word32(table.keyframes.count)
                for number in table.keyframes { $0.word32(Int(number)) }
            }
        }
        var runs: [(first: Int, samples: Int)] = []
        for (index, chunk) in table.chunks.enumerated() where runs.last?.samples != chunk.samples {
            runs.append((index + 1, chunk.samples))
        }
        fullBox("stsc") {
            $0.word32(runs.count)
            for run in runs {
                $0.word32(run.first)
                $0.word32(run.samples)
                $0.word32(1)
            }
        }
        fullBox("stsz") {
            $0.word32(0)
            $0.word32(table.sizes.count)
            for size in table.sizes { $0.word32(Int(size)) }
        }
        fullBox("co64") {
            $0.word32(table.chunks.count)
            for chunk in table.chunks { $0.word64(chunk.offset + mediaOffset) }
        }
    }
}
