internal import COpenCVShims

/// A detector network in an ONNX file with a square input, run by OpenCV's `dnn` on one thread.
///
/// Loading and running block (tens of milliseconds); used by one thread at a time, never the cooperative pool.
package final class ObjectDetector {
    /// A part of a picture and where it is drawn on the network's input; both in pixels, origin top left.
    package struct Tile {
        package struct Rectangle: Hashable, Sendable {
            package var x: Int
            package var y: Int
            package var width: Int
            package var height: Int

            package init(x: Int, y: Int, width: Int, height: Int) {
                self.x = x
                self.y = y
                self.width = width
                self.height = height
            }
        }
        package var picture: ObjectDetectorPicture
        package var source: Rectangle
        package var target: Rectangle

        package init(picture: ObjectDetectorPicture, source: Rectangle, target: Rectangle) {
            self.picture = picture
            self.source = source
            self.target = target
        }
    }

    private let network: OpaquePointer
    private let sidePixels: Int
    private let outputCount: Int

    /// Loads the network. OpenCV's worker threads are the whole process's; `threads` bounds them (1: none besides the
    /// caller's).
    package init(path: String, sidePixels: Int, outputCount: Int, threads: Int = 1) throws(ObjectDetectorError) {
        self.sidePixels = sidePixels
        self.outputCount = outputCount
        network = try reporting("cannot load the network \(path)") { error, size in
            opencv_network_open(path, Int32(clamping: threads), error, size)
        }
    }

    deinit { opencv_network_destroy(network) }

    /// Draws the tiles on an input filled with `fill` and runs the network; its raw output, row by row.
    package func run(_ tiles: [Tile], fill: UInt8) throws(ObjectDetectorError) -> [Float] {
        let action = "cannot run the network"
        for tile in tiles where !tile.isInside(sidePixels) {
            throw ObjectDetectorError(action: action, message: "a tile leaves its picture or the network's input")
        }
        let raw = tiles.map { tile in
            opencv_tile(
                picture: tile.picture.handle, source_x: Int32(clamping: tile.source.x),
                source_y: Int32(clamping: tile.source.y), source_width: Int32(clamping: tile.source.width),
                source_height: Int32(clamping: tile.source.height), target_x: Int32(clamping: tile.target.x),
                target_y: Int32(clamping: tile.target.y), target_width: Int32(clamping: tile.target.width),
                target_height: Int32(clamping: tile.target.height))
        }
        var output = [Float](repeating: 0, count: outputCount)
        try reporting(action) { error, size -> Void? in
            // The pictures must outlive the call that reads their pixels.
            let result = withExtendedLifetime(tiles) {
                raw.withUnsafeBufferPointer { raw in
                    output.withUnsafeMutableBufferPointer { output -> Int32 in
                        guard let tiles = raw.baseAddress, let values = output.baseAddress else { return -1 }
                        return opencv_network_run(
                            network, tiles, raw.count, Int32(clamping: sidePixels), Int32(fill), values, output.count,
                            error, size)
                    }
                }
            }
            return result == 0 ? () : nil
        }
        return output
    }
}

extension ObjectDetector.Tile {
    fileprivate func isInside(_ sidePixels: Int) -> Bool {
        source.isInside(width: picture.widthPixels, height: picture.heightPixels)
            && target.isInside(width: sidePixels, height: sidePixels)
    }
}

extension ObjectDetector.Tile.Rectangle {
    fileprivate func isInside(width outer: Int, height outerHeight: Int) -> Bool {
        x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= outer && y + height <= outerHeight
    }
}
