internal import OpenCVKit

/// Makes JPEGs smaller, for models that are asked about smaller pictures. Stateless; any thread.
package enum JPEGShrinker {
    /// At most `longestSidePixels` long; nil where it is that already or is no picture.
    package static func shrink(_ jpeg: [UInt8], longestSidePixels: Int) -> [UInt8]? {
        (try? StillImage.shrunk(jpeg, longestSidePixels: longestSidePixels, quality: 85))?.bytes
    }
}
