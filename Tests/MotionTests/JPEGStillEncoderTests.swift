import Domain
import Motion
import TestSupport
import Testing

@Suite(.ownThread)
struct JPEGStillEncoderTests {
    /// A picture of one colour in planes.
    static func encode(
        _ format: PictureView.Format, width: Int = 640, height: Int = 360, crop: Box? = nil, longest: Int = 320
    ) throws -> Still {
        let chroma = ((width + 1) / 2) * ((height + 1) / 2)
        let luma = [UInt8](repeating: 81, count: width * height)
        let blue = [UInt8](repeating: 90, count: chroma)
        let red = [UInt8](repeating: 240, count: chroma)
        let both = (0..<2 * chroma).map { UInt8($0 % 2 == 0 ? 90 : 240) }
        return try luma.withUnsafeBytes { y in
            try blue.withUnsafeBytes { u in
                try red.withUnsafeBytes { v in
                    try both.withUnsafeBytes { uv in
                        func plane(_ bytes: UnsafeRawBufferPointer, _ stride: Int) -> PictureView.Plane {
                            // swift-format-ignore: NeverForceUnwrap
                            .init(bytes: bytes.baseAddress!, strideBytes: stride)
                        }
                        let half = (width + 1) / 2
                        let planes: [PictureView.Plane] =
                            switch format {
                            case .gray8: [plane(y, width)]
                            case .nv12: [plane(y, width), plane(uv, 2 * half)]
                            case .i420: [plane(y, width), plane(u, half), plane(v, half)]
                            }
                        let picture = PictureView(
                            format: format, widthPixels: width, heightPixels: height, planes: planes)
                        return try JPEGStillEncoder().encode(
                            picture, crop: crop, longestSidePixels: longest, quality: 85)
                    }
                }
            }
        }
    }

    @Test(arguments: [PictureView.Format.i420, .nv12, .gray8])
    func `every layout becomes a JPEG of the size asked for`(format: PictureView.Format) throws {
        let still = try Self.encode(format)
        #expect(still.widthPixels == 320 && still.heightPixels == 180)
        #expect(still.jpeg.starts(with: [0xFF, 0xD8]) && still.jpeg.suffix(2) == [0xFF, 0xD9])
    }

    @Test func `both chroma layouts give the same picture`() throws {
        #expect(try Self.encode(.i420).jpeg == Self.encode(.nv12).jpeg)
    }

    @Test func `a small picture is not enlarged`() throws {
        let still = try Self.encode(.i420, width: 101, height: 51, longest: 768)
        #expect(still.widthPixels == 101 && still.heightPixels == 51)
    }

    @Test(arguments: [
        (Box(x: 0.5, y: 0.5, width: 0.25, height: 0.5), 160, 180),
        (Box(x: -1, y: 0, width: 9, height: 1), 320, 180),
        (Box(x: 1, y: 1, width: 1, height: 1), 1, 1),
        (Box(x: .nan, y: 0, width: 1, height: 1), 320, 180),
    ])
    func `a crop is cut inside the picture`(crop: Box, width: Int, height: Int) throws {
        let still = try Self.encode(.i420, crop: crop, longest: 320)
        #expect(abs(still.widthPixels - width) <= 1 && abs(still.heightPixels - height) <= 1)
    }
}
