internal import CLibavShims

/// Why a keyframe gave no picture.
package struct LibavError: Error, CustomStringConvertible {
    package let description: String
}

/// One keyframe decoded by libavcodec in the calling thread: no pipeline, no thread, nothing kept. Its deblocking is left
/// out, which shows at the edges of blocks in full size only.
package final class KeyframePicture: @unchecked Sendable {
    // Sendable: the picture is never written after it was decoded.
    private let picture: UnsafePointer<cav_picture>

    package enum Codec: Sendable { case h264, h265 }
    package enum Format: Sendable { case i420, nv12, gray8 }

    package var widthPixels: Int { Int(picture.pointee.width) }
    package var heightPixels: Int { Int(picture.pointee.height) }
    /// 8 bits a sample; chroma halved both ways.
    package var format: Format {
        switch picture.pointee.format {
        case CAV_NV12: .nv12
        case CAV_GRAY8: .gray8
        default: .i420
        }
    }

    /// Decodes an access unit whose NAL units are behind lengths, as `configuration` (avcC or hvcC) says. Takes
    /// milliseconds of the calling thread; 1080p some 15.
    package init(
        decoding unit: UnsafeRawBufferPointer, codec: Codec, configuration: [UInt8]
    ) throws(LibavError) {
        var reason = [CChar](repeating: 0, count: 128)
        let decoded = cav_decode_keyframe(
            codec == .h264 ? CAV_H264 : CAV_H265, configuration, configuration.count, unit.baseAddress, unit.count,
            &reason, reason.count)
        guard let decoded else {
            let text = reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw LibavError(description: String(decoding: text, as: UTF8.self))
        }
        picture = decoded
    }

    deinit { cav_picture_free(picture) }

    /// Its planes, the first being luma: rows `strideBytes` apart, origin top left, valid during the call.
    package func withPlanes<Result>(
        _ body: ([(bytes: UnsafeRawPointer, strideBytes: Int)]) throws -> Result
    ) rethrows -> Result {
        let (planes, strides) = (picture.pointee.planes, picture.pointee.strides)
        let all = [(planes.0, strides.0), (planes.1, strides.1), (planes.2, strides.2)]
        return try withExtendedLifetime(self) {
            try body(
                all.prefix(Int(picture.pointee.plane_count)).compactMap { plane, stride in
                    plane.map { (UnsafeRawPointer($0), Int(stride)) }
                })
        }
    }
}
