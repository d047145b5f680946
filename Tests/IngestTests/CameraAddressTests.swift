import Domain
import Testing

@testable import Ingest

struct CameraAddressTests {
    @Test func `credentials are decoded and leave the location`() throws {
        let address = try CameraAddress("rtsp://ad%40min:p%40ss:w%2Ford@camera.lan:8554/a?b=c")
        #expect(address.location == "rtsp://camera.lan:8554/a?b=c")
        #expect(address.user == "ad@min" && address.password == "p@ss:w/ord")
        #expect(address.display == "camera.lan:8554")
    }

    @Test(arguments: [
        ("rtsp://10.0.0.1/live", "10.0.0.1:554"), ("rtsp://[fe80::1]:8554/x", "[fe80::1]:8554"),
        ("RTSPS://host", "host:322"),
    ])
    func `the display form is host and port`(url: String, display: String) throws {
        #expect(try CameraAddress(url).display == display)
    }

    @Test(arguments: [
        "", "http://secret@x/", "rtsp://", "rtsp://u:secret@/x", "rtsp://u:secret@h:99999/", "rtsp://u:se%zzcret@h/",
        "rtsp://h /x", "rtsp://u:secret%+1@h/",
    ])
    func `an address that cannot be used is refused without showing it`(url: String) {
        let error = #expect(throws: SourceError.self) { try CameraAddress(url) }
        #expect(error?.detail.contains("secret") == false)
    }
}
