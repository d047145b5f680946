internal import COpenCVShims

/// Makes JPEGs of pictures in memory. Stateless; any thread.
package enum StillImage {
    package enum Format: Sendable, Hashable { case i420, nv12, gray8 }

    /// One plane of samples, borrowed for the call.
    package struct Plane {
        package var bytes: UnsafeRawPointer
        package var strideBytes: Int

        package init(bytes: UnsafeRawPointer, strideBytes: Int) {
            self.bytes = bytes
            self.strideBytes = strideBytes
        }
    }

    /// A rectangle in pixels.
    package struct Cut: Sendable, Hashable {
        package var x, y, width, height: Int

        package init(x: Int, y: Int, width: Int, height: Int) {
            self.x = x
            self.y = y
            self.width = width
            self.height = height
        }
    }

    package struct JPEG: Sendable {
        package var bytes: [UInt8]
        package var widthPixels: Int
        package var heightPixels: Int
    }

    /// Cuts, shrinks to at most `longestSidePixels` (never enlarges) and encodes with `quality` 1–100.
    package static func jpeg(
        format: Format, widthPixels: Int, heightPixels: Int, planes: [Plane], cut: Cut, longestSidePixels: Int,
        quality: Int
    ) throws(OpenCVError) -> JPEG {
        let needed =
            switch format {
            case .i420: 3
            case .nv12: 2
            case .gray8: 1
            }
        let chromaWidth = (widthPixels + 1) / 2
        let leastStrides = [widthPixels, format == .nv12 ? 2 * chromaWidth : chromaWidth, chromaWidth]
        guard planes.count >= needed, zip(planes, leastStrides).allSatisfy({ $0.strideBytes >= $1 }) else {
            throw OpenCVError("encoding a still: \(format) of width \(widthPixels) needs \(needed) whole planes")
        }
        func start(_ index: Int) -> UnsafePointer<UInt8>? {
            index < planes.count ? planes[index].bytes.assumingMemoryBound(to: UInt8.self) : nil
        }
        func stride(_ index: Int) -> Int { index < planes.count ? planes[index].strideBytes : 0 }
        let pixels =
            switch format {
            case .i420: VEDETTE_PIXELS_I420
            case .nv12: VEDETTE_PIXELS_NV12
            case .gray8: VEDETTE_PIXELS_GRAY8
            }
        var picture = vedette_picture(
            format: pixels, width: Int32(clamping: widthPixels), height: Int32(clamping: heightPixels),
            planes: (start(0), start(1), start(2)), strides: (stride(0), stride(1), stride(2)))
        var still = vedette_still()
        defer { vedette_still_free(&still) }
        _ = try OpenCVError.collecting("encoding a still") { error, size in
            vedette_still_encode(
                &picture, Int32(clamping: cut.x), Int32(clamping: cut.y), Int32(clamping: cut.width),
                Int32(clamping: cut.height), Int32(clamping: longestSidePixels), Int32(clamping: quality), &still,
                error, size) == 0 ? true : nil
        }
        return JPEG(
            bytes: Array(UnsafeBufferPointer(start: still.bytes, count: still.size)), widthPixels: Int(still.width),
            heightPixels: Int(still.height))
    }
}
