/// A decoded picture in memory that someone else owns: planes of 8-bit samples, rows `strideBytes` apart, origin top
/// left. Valid only during the call it is handed to; never store one.
package struct PictureView {
    /// How the planes are laid out. `i420`: Y, U, V (chroma halved both ways). `nv12`: Y, interleaved UV. `gray8`: Y.
    package enum Format: Sendable, Hashable { case i420, nv12, gray8 }

    package struct Plane {
        package var bytes: UnsafeRawPointer
        package var strideBytes: Int

        package init(bytes: UnsafeRawPointer, strideBytes: Int) {
            self.bytes = bytes
            self.strideBytes = strideBytes
        }
    }

    package var format: Format
    package var widthPixels: Int
    package var heightPixels: Int
    /// One, two or three planes as `format` says; the first is luma.
    package var planes: [Plane]

    package init(format: Format, widthPixels: Int, heightPixels: Int, planes: [Plane]) {
        self.format = format
        self.widthPixels = widthPixels
        self.heightPixels = heightPixels
        self.planes = planes
    }

    package var luma: Plane { planes[0] }
}

/// A decoded frame that may be kept for a short while: it holds one of the decoder's buffers.
package protocol DecodedFrame: AnyObject, Sendable {
    var presentation: MediaTime { get }
    var widthPixels: Int { get }
    var heightPixels: Int { get }
    /// Maps the frame for reading, without a copy where the decoder allows it.
    func withPicture<Result>(_ body: (PictureView) throws -> Result) throws -> Result
}

/// A rectangle as fractions of the picture, origin top left.
package struct Box: Sendable, Hashable, Codable {
    package var x: Double
    package var y: Double
    package var width: Double
    package var height: Double

    package init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    package var area: Double { width * height }
}

/// A JPEG and what it shows.
package struct Still: Sendable {
    /// The JPEG file's bytes.
    package var jpeg: [UInt8]
    package var widthPixels: Int
    package var heightPixels: Int

    package init(jpeg: [UInt8], widthPixels: Int, heightPixels: Int) {
        self.jpeg = jpeg
        self.widthPixels = widthPixels
        self.heightPixels = heightPixels
    }
}
