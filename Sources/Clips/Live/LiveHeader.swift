import Domain

/// What a live view begins with: `ftyp` and a `moov` without samples (ISO/IEC 14496-12 §8.8), which is what Media Source
/// Extensions call an initialization segment.
enum LiveHeader {
    struct Video {
        var codec: VideoCodec
        var widthPixels: Int
        var heightPixels: Int
        /// `avcC` or `hvcC` record.
        var configuration: [UInt8]
        var timescale: Int64
    }
    struct Audio {
        enum Codec {
            /// With its AudioSpecificConfig.
            case aac([UInt8])
            case opus
        }
        var codec: Codec
        var rate: Int
        var channels: Int
    }
    static let videoTrack = 1
    static let audioTrack = 2

    static func bytes(_ video: Video, _ audio: Audio?) -> [UInt8] {
        var writer = BoxWriter()
        writer.box("ftyp") {
            $0.text("iso6")
            $0.word32(0)
            for brand in ["iso6", "mp41"] as [StaticString] { $0.text(brand) }
        }
        writer.box("moov") {
            $0.fullBox("mvhd") {
                $0.zeros(8)
                $0.word32(1000)
                $0.word32(0)  // No duration: it goes on.
                $0.word32(0x1_0000)
                $0.word16(0x100)
                $0.zeros(10)
                $0.matrix()
                $0.zeros(24)
                $0.word32(audioTrack + 1)
            }
            $0.videoTrack(video)
            if let audio { $0.audioTrack(audio) }
            $0.box("mvex") {
                $0.trackDefaults(videoTrack)
                if audio != nil { $0.trackDefaults(audioTrack) }
            }
        }
        return writer.bytes
    }
}

extension BoxWriter {
    fileprivate mutating func matrix() {
        for value in [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000] { word32(value) }
    }

    fileprivate mutating func trackDefaults(_ id: Int) {
        fullBox("trex") {
            $0.word32(id)
            $0.word32(1)
            $0.zeros(12)
        }
    }

    fileprivate mutating func videoTrack(_ video: LiveHeader.Video) {
        let size = (video.widthPixels, video.heightPixels)
        track(
            LiveHeader.videoTrack, handler: "vide", timescale: video.timescale, size: size, volume: 0,
            header: { $0.fullBox("vmhd", flags: 1) { $0.zeros(8) } },
            entry: {
                $0.box(video.codec == .h264 ? "avc1" : "hvc1") {
                    $0.zeros(6)
                    $0.word16(1)
                    $0.zeros(16)
                    $0.word16(video.widthPixels)
                    $0.word16(video.heightPixels)
                    $0.word32(72 << 16)
                    $0.word32(72 << 16)
                    $0.word32(0)
                    $0.word16(1)
                    $0.zeros(32)
                    $0.word16(24)
                    $0.word16(0xffff)
                    $0.box(video.codec == .h264 ? "avcC" : "hvcC") { $0.append(video.configuration) }
                }
            })
    }

    fileprivate mutating func audioTrack(_ audio: LiveHeader.Audio) {
        track(
            LiveHeader.audioTrack, handler: "soun", timescale: Int64(audio.rate), size: (0, 0), volume: 0x100,
            header: { $0.fullBox("smhd") { $0.zeros(4) } },
            entry: {
                switch audio.codec {
                case .aac(let configuration):
                    $0.box("mp4a") {
                        $0.audioEntry(audio)
                        $0.fullBox("esds") { $0.elementaryStream(configuration) }
                    }
                case .opus:
                    $0.box("Opus") {
                        $0.audioEntry(audio)
                        // https://opus-codec.org/docs/opus_in_isobmff.html §4.3.2: nothing to skip, no gain, no mapping.
                        $0.box("dOps") {
                            $0.byte(0)
                            $0.byte(UInt8(clamping: audio.channels))
                            $0.word16(0)
                            $0.word32(audio.rate)
                            $0.zeros(3)
                        }
                    }
                }
            })
    }

    private mutating func audioEntry(_ audio: LiveHeader.Audio) {
        zeros(6)
        word16(1)
        zeros(8)
        word16(audio.channels)
        word16(16)
        zeros(4)
        word32(audio.rate << 16)
    }

    /// Descriptors of ISO/IEC 14496-1 §7.2.6: MPEG-4 audio with this configuration.
    private mutating func elementaryStream(_ configuration: [UInt8]) {
        descriptor(3, length: 3 + 5 + 13 + 5 + configuration.count + 5 + 1) {
            $0.word16(0)
            $0.byte(0)
            $0.descriptor(4, length: 13 + 5 + configuration.count) {
                $0.byte(0x40)
                $0.byte(0x15)
                $0.zeros(11)
                $0.descriptor(5, length: configuration.count) { $0.append(configuration) }
            }
            $0.descriptor(6, length: 1) { $0.byte(2) }
        }
    }

    private mutating func descriptor(_ tag: UInt8, length: Int, _ content: (inout BoxWriter) -> Void) {
        byte(tag)
        for shift in [21, 14, 7] { byte(UInt8(length >> shift & 0x7f) | 0x80) }
        byte(UInt8(length & 0x7f))
        content(&self)
    }

    private mutating func track(
        _ id: Int, handler: StaticString, timescale: Int64, size: (width: Int, height: Int), volume: Int,
        header: (inout BoxWriter) -> Void, entry: (inout BoxWriter) -> Void
    ) {
        box("trak") {
            $0.fullBox("tkhd", flags: 3) {
                $0.zeros(8)
                $0.word32(id)
                $0.zeros(8 + 8 + 4)
                $0.word16(volume)
                $0.zeros(2)
                $0.matrix()
                $0.word32(size.width << 16)
                $0.word32(size.height << 16)
            }
            $0.box("mdia") {
                $0.fullBox("mdhd") {
                    $0.zeros(8)
                    $0.word32(Int(timescale))
                    $0.word32(0)
                    $0.word16(0x55c4)  // "und"
                    $0.zeros(2)
                }
                $0.fullBox("hdlr") {
                    $0.zeros(4)
                    $0.text(handler)
                    $0.zeros(12 + 1)
                }
                $0.box("minf") {
                    header(&$0)
                    $0.box("dinf") {
                        $0.fullBox("dref") {
                            $0.word32(1)
                            $0.fullBox("url ", flags: 1) { _ in }
                        }
                    }
                    $0.box("stbl") {
                        $0.fullBox("stsd") {
                            $0.word32(1)
                            entry(&$0)
                        }
                        for table in ["stts", "stsc", "stco"] as [StaticString] { $0.fullBox(table) { $0.zeros(4) } }
                        $0.fullBox("stsz") { $0.zeros(8) }
                    }
                }
            }
        }
    }
}
