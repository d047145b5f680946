package import Domain
internal import OpenCVKit

/// Makes JPEGs with OpenCV. Stateless; any thread.
package struct JPEGStillEncoder: StillEncoder {
    package init() {}

    package func encode(_ picture: PictureView, crop: Box?, longestSidePixels: Int, quality: Int) throws -> Still {
        let format: StillImage.Format =
            switch picture.format {
            case .i420: .i420
            case .nv12: .nv12
            case .gray8: .gray8
            }
        let jpeg = try StillImage.jpeg(
            format: format, widthPixels: picture.widthPixels, heightPixels: picture.heightPixels,
            planes: picture.planes.map { StillImage.Plane(bytes: $0.bytes, strideBytes: $0.strideBytes) },
            cut: Self.cut(crop, widthPixels: picture.widthPixels, heightPixels: picture.heightPixels),
            longestSidePixels: longestSidePixels, quality: quality)
        return Still(jpeg: jpeg.bytes, widthPixels: jpeg.widthPixels, heightPixels: jpeg.heightPixels)
    }

    /// The pixels of a crop, inside the picture and at least one; begins on even ones, where chroma begins.
    static func cut(_ crop: Box?, widthPixels: Int, heightPixels: Int) -> StillImage.Cut {
        func span(_ from: Double, _ length: Double, _ whole: Int) -> (Int, Int) {
            guard from.isFinite, length.isFinite, whole > 0 else { return (0, whole) }
            let low = (min(max(from, 0), 1) * Double(whole)).rounded(.down)
            let high = (min(max(from + length, 0), 1) * Double(whole)).rounded(.up)
            let start = min(Int(low) / 2 * 2, whole - 1)
            return (start, max(Int(high) - start, 1))
        }
        let box = crop ?? Box(x: 0, y: 0, width: 1, height: 1)
        let (x, width) = span(box.x, box.width, widthPixels)
        let (y, height) = span(box.y, box.height, heightPixels)
        return StillImage.Cut(x: x, y: y, width: width, height: height)
    }
}
