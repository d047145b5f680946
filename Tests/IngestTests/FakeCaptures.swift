import Domain
import GStreamerKit

@testable import Ingest

/// A machine with cameras that it has not: everything but the device's file is the real thing. Its pictures are made by
/// `videotestsrc` and, where the device would encode them, by an encoder in the source's place.
struct FakeCaptures: CaptureHardware {
    var devices: [CaptureDevice]
    /// What stands in the place of `v4l2src`.
    var source: String
    /// What opening gives instead, by path.
    var failures: [String: Int32] = [:]

    init(_ codec: SourceCodec, pictures: Int? = nil, failures: [String: Int32] = [:]) {
        let fourCC =
            switch codec {
            case .h264: "H264"
            case .h265: "HEVC"
            case .mjpeg: "MJPG"
            case .raw: "YUYV"
            }
        devices = [
            CaptureDevice(
                path: "/dev/video0", name: "Test Webcam",
                modes: [.init(fourCC: fourCC, widthPixels: 320, heightPixels: 192, rates: [.init(10)])])
        ]
        let limit = pictures.map { " num-buffers=\($0)" } ?? ""
        let made = "videotestsrc is-live=true pattern=ball\(limit)"
        let sized = "\(made) ! video/x-raw,format=I420,width=320,height=192,framerate=10/1"
        source =
            switch codec {
            case .raw: made
            case .mjpeg: "\(sized) ! jpegenc"
            case .h264: "\(sized) ! x264enc speed-preset=ultrafast tune=zerolatency key-int-max=20"
            case .h265: "\(sized) ! x265enc speed-preset=ultrafast tune=zerolatency key-int-max=20"
            }
        self.failures = failures
    }

    func paths() -> [String] { devices.map(\.path) }

    func look(at path: String) throws(CaptureDevice.Failure) -> CaptureDevice {
        if let code = failures[path] { throw CaptureDevice.Failure(code: code) }
        guard let device = devices.first(where: { $0.path == path }) else { throw CaptureDevice.Failure(code: 2) }
        return device
    }

    func description() -> String { "\(source) ! capsfilter name=format ! queue max-size-buffers=16" }

    func prepare(_ pipeline: Pipeline, for path: String) {}
}
