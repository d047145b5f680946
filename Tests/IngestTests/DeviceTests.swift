import Domain
import Glibc
import Testing

@testable import GStreamerKit
@testable import Ingest

/// Cameras of this machine, but for the device itself: this machine has none.
@Suite(.timeLimit(.minutes(10)))
struct DeviceTests {
    private static let webcam = CaptureDevice(
        path: "/dev/video0", name: "HD Webcam",
        modes: [
            .init(fourCC: "YUYV", widthPixels: 640, heightPixels: 480, rates: [.init(30), .init(15)]),
            .init(fourCC: "YUYV", widthPixels: 1920, heightPixels: 1080, rates: [.init(5)]),
            .init(fourCC: "MJPG", widthPixels: 1280, heightPixels: 720, rates: [.init(30), .init(24), .init(10)]),
            .init(fourCC: "MJPG", widthPixels: 1920, heightPixels: 1080, rates: [.init(30), .init(15, 2)]),
            .init(fourCC: "MJPG", widthPixels: 3840, heightPixels: 2160, rates: [.init(15)]),
            .init(fourCC: "H264", widthPixels: 1280, heightPixels: 720, rates: [.init(30)]),
            .init(fourCC: "pBAA", widthPixels: 1920, heightPixels: 1080, rates: [.init(30)]),
        ])

    @Test(arguments: [
        // The largest up to 1080p that is not slow; the nearest rate to fifteen that is not below it.
        ("v4l2:///dev/video0", "image/jpeg,width=1920,height=1080,framerate=30/1"),
        ("v4l2:///dev/video0?rate=7", "image/jpeg,width=1920,height=1080,framerate=15/2"),
        ("v4l2:///dev/video0?format=raw", "video/x-raw,format=YUY2,width=640,height=480,framerate=15/1"),
        ("v4l2:///dev/video0?width=1280&height=720", "video/x-h264,width=1280,height=720,framerate=30/1"),
        (
            "v4l2:///dev/video0?format=mjpeg&width=1280&height=720&rate=11",
            "image/jpeg,width=1280,height=720,framerate=10/1"
        ),
        // What is asked for is taken, slow or large.
        (
            "v4l2:///dev/video0?format=raw&width=1920&height=1080",
            "video/x-raw,format=YUY2,width=1920,height=1080,framerate=5/1"
        ),
        ("v4l2:///dev/video0?width=3840&height=2160", "image/jpeg,width=3840,height=2160,framerate=15/1"),
    ])
    func `what the address leaves open is chosen as suits a recorder`(url: String, caps: String) throws {
        #expect(try CaptureChoice(Self.webcam, DeviceAddress(url)).caps == caps)
    }

    @Test func `a format that the device does not have is told with those that it has`() throws {
        let address = try DeviceAddress("v4l2:///dev/video0?format=h265")
        let error = #expect(throws: SourceError.self) { try CaptureChoice(Self.webcam, address) }
        #expect(error?.kind == .unsupported && error?.detail.contains("mjpeg 1920x1080 at 30, 7.5") == true)
        #expect(error?.detail.contains("raw (YUYV) 640x480 at 30, 15") == true)
        var bayer = Self.webcam
        bayer.modes = [bayer.modes[6]]
        #expect(throws: SourceError.self) { try CaptureChoice(bayer, DeviceAddress("v4l2:///dev/video0")) }
    }

    @Test func `a driver that tells no rates is taken as it is`() throws {
        let device = CaptureDevice(
            path: "/dev/video0", name: "CSI",
            modes: [.init(fourCC: "NV12", widthPixels: 1280, heightPixels: 720, rates: [])])
        let choice = try CaptureChoice(device, DeviceAddress("v4l2:///dev/video0"))
        #expect(choice.caps == "video/x-raw,format=NV12,width=1280,height=720" && choice.codec == .raw)
    }

    @Test(arguments: [
        (ENOENT, SourceError.Kind.unreachable, "This machine has /dev/video0 (Test Webcam)"),
        (ENODEV, .unreachable, "There is no device"), (EACCES, .unauthorized, "group `video`"),
        (EBUSY, .unreachable, "in use by another program"), (ENOTTY, .unsupported, "is no camera"),
        (EIO, .unreachable, "cannot be opened"),
    ])
    func `why a device cannot be opened is told`(code: Int32, kind: SourceError.Kind, words: String) {
        let opener = CameraOpener(
            clock: SystemClock(), encoders: .software,
            hardware: FakeCaptures(.raw, failures: ["/dev/video7": code]))
        let error = #expect(throws: SourceError.self) {
            try opener.open(
                Domain.SourceLocation(url: "v4l2:///dev/video7", transport: .tcp, timeoutSeconds: 5)
            ) {}
        }
        #expect(error?.kind == kind && error?.detail.contains(words) == true, "\(String(describing: error))")
        #expect(error?.detail.contains("/dev/video7") == true)
    }

    @Test func `what the driver says while it runs is told`() {
        func message(_ domain: BusMessage.Domain, _ code: Int, debug: String = "") -> BusMessage {
            BusMessage(
                kind: .error, source: "device", factory: "v4l2src", domain: domain, code: code, text: "words.",
                debug: debug)
        }
        let starting = DeviceFailure(path: "/dev/video0", wasRunning: false, timeoutSeconds: 5)
        let running = DeviceFailure(path: "/dev/video0", wasRunning: true, timeoutSeconds: 5)
        #expect(starting.error(for: message(.resource, 4)).detail.contains("in use"))
        #expect(starting.error(for: message(.resource, 13)).kind == .unsupported)
        #expect(starting.error(for: message(.resource, 9)).kind == .unreachable)
        // Unplugged.
        #expect(running.error(for: message(.resource, 9)).kind == .ended)
        #expect(running.error(for: message(.stream, 1)).kind == .corrupt)
        #expect(running.silent.kind == .stalled && starting.silent.kind == .timeout)
    }

    @Test func `the kernel's answers become reasons`() {
        let missing = #expect(throws: CaptureDevice.Failure.self) { try CaptureDevice(path: "/dev/video-none") }
        #expect(missing?.code == ENOENT)
        let other = #expect(throws: CaptureDevice.Failure.self) { try CaptureDevice(path: "/dev/null") }
        #expect(other?.code == ENOTTY)
        // None here, and none but cameras anywhere.
        for device in InstalledCaptures().devices() { #expect(!device.name.isEmpty && !device.modes.isEmpty) }
    }

    @Test func `the real pipelines are those that the tests run, but for the source`() throws {
        let description = try InstalledCaptures().description()
        #expect(description.hasPrefix("v4l2src name=device ! capsfilter name=format ! queue "))
        let pipeline = try Pipeline(description + " ! fakesink")
        try InstalledCaptures().prepare(pipeline, for: "/dev/video-none")
        #expect(throws: GStreamerError.self) { try pipeline.play() }
    }
}
