internal import COpenCVShims

/// OpenCV's built-in HOG detector of upright people: needs no weights file, finds people only, and misses many.
///
/// Blocks for a tenth of a second and more; used by one thread at a time, never the cooperative pool.
package final class PeopleDetector {
    /// A found person, in pixels, origin top left; `distance` is the SVM's, larger is more certain.
    package struct Person: Hashable, Sendable {
        package var x: Double
        package var y: Double
        package var width: Double
        package var height: Double
        package var distance: Double
    }

    private let detector: OpaquePointer

    package init() throws(ObjectDetectorError) {
        detector = try reporting("cannot make the HOG people detector") { opencv_people_detector_create($0, $1) }
    }

    deinit { opencv_people_detector_destroy(detector) }

    /// At most 64 people.
    package func people(in picture: ObjectDetectorPicture) throws(ObjectDetectorError) -> [Person] {
        let empty = opencv_person(x: 0, y: 0, width: 0, height: 0, score: 0)
        var found = [opencv_person](repeating: empty, count: 64)
        let count = try reporting("cannot look for people") { error, size -> Int? in
            let count = found.withUnsafeMutableBufferPointer { found -> Int32 in
                guard let address = found.baseAddress else { return -1 }
                return opencv_people_detector_run(detector, picture.handle, address, found.count, error, size)
            }
            return count < 0 ? nil : Int(count)
        }
        return found.prefix(count).map {
            Person(x: $0.x, y: $0.y, width: $0.width, height: $0.height, distance: $0.score)
        }
    }
}
