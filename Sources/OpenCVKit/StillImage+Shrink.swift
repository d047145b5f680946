internal import COpenCVShims

extension StillImage {
    /// Pixels of the largest picture that is decoded to be shrunk.
    private static let mostPixels = 64_000_000

    /// The JPEG shrunk to at most `longestSidePixels`; nil where it is no longer than that. `quality` is 1–100.
    package static func shrunk(
        _ jpeg: [UInt8], longestSidePixels: Int, quality: Int
    ) throws(OpenCVError) -> JPEG? {
        guard let size = jpegSize(jpeg), size.width > 0, size.height > 0, size.width * size.height <= mostPixels else {
            throw OpenCVError("shrinking a still: not a JPEG of a sensible size")
        }
        if max(size.width, size.height) <= longestSidePixels { return nil }
        var still = vedette_still()
        defer { vedette_still_free(&still) }
        let made = try OpenCVError.collecting("shrinking a still") { error, size -> Bool? in
            let result = jpeg.withUnsafeBufferPointer {
                vedette_still_shrink(
                    $0.baseAddress, $0.count, Int32(clamping: longestSidePixels), Int32(clamping: quality), &still,
                    error,
                    size)
            }
            return result < 0 ? nil : result == 0
        }
        guard made else { return nil }
        return JPEG(
            bytes: Array(UnsafeBufferPointer(start: still.bytes, count: still.size)), widthPixels: Int(still.width),
            heightPixels: Int(still.height))
    }
}
