internal import COpenCVShims

/// A decoded JPEG, held for a few inferences. Used by one thread at a time.
package final class ObjectDetectorPicture {
    let handle: OpaquePointer
    package let widthPixels: Int
    package let heightPixels: Int

    /// Larger pictures are refused before any memory is taken for them.
    package static let maximumPixels = 40_000_000

    /// Decodes a JPEG's bytes.
    package init(jpeg: [UInt8]) throws(ObjectDetectorError) {
        let action = "cannot decode a picture of \(jpeg.count) bytes"
        guard let size = jpegSize(jpeg) else { throw ObjectDetectorError(action: action, message: "not a JPEG") }
        guard size.width > 0, size.height > 0, size.width * size.height <= Self.maximumPixels else {
            throw ObjectDetectorError(
                action: action, message: "\(size.width)×\(size.height) pixels; at most \(Self.maximumPixels) are taken")
        }
        handle = try reporting(action) { error, errorSize in
            jpeg.withUnsafeBufferPointer { bytes in
                bytes.baseAddress.flatMap { opencv_picture_decode($0, bytes.count, error, errorSize) }
            }
        }
        widthPixels = Int(opencv_picture_width(handle))
        heightPixels = Int(opencv_picture_height(handle))
    }

    deinit { opencv_picture_destroy(handle) }
}

/// The size that a JPEG's frame header states; nil where there is none.
func jpegSize(_ bytes: [UInt8]) -> (width: Int, height: Int)? {
    guard bytes.count > 4, bytes[0] == 0xff, bytes[1] == 0xd8 else { return nil }
    var at = 2
    while at + 9 < bytes.count {
        guard bytes[at] == 0xff else { return nil }
        let marker = bytes[at + 1]
        if marker == 0xff {
            at += 1
            continue
        }
        let length = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
        guard length >= 2 else { return nil }
        // SOF0…SOF15 without DHT (C4), JPG (C8) and DAC (CC).
        if (0xc0...0xcf).contains(marker), ![0xc4, 0xc8, 0xcc].contains(marker) {
            return (Int(bytes[at + 7]) << 8 | Int(bytes[at + 8]), Int(bytes[at + 5]) << 8 | Int(bytes[at + 6]))
        }
        at += 2 + length
    }
    return nil
}
