import Domain
import Motion

/// The picture that analyzers are tried with: a dark square on grey ground, 256 x 192.
enum TestPicture {
    /// Empty where it cannot be made.
    static func jpeg() -> [UInt8] {
        let width = 256
        let height = 192
        var luma = [UInt8](repeating: 150, count: width * height)
        for y in 64..<128 {
            for x in 96..<160 { luma[y * width + x] = 30 }
        }
        return luma.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return [] }
            let view = PictureView(
                format: .gray8, widthPixels: width, heightPixels: height,
                planes: [.init(bytes: base, strideBytes: width)])
            return (try? JPEGStillEncoder().encode(view, crop: nil, longestSidePixels: width, quality: 85))?.jpeg ?? []
        }
    }
}
